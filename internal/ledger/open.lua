-- KEYS: job, open, finished, alive    ARGV: batch, worker, calling (0/1), now (ms), patience (ms)
-- Returns {what, fence, dirty, since, progress}; what is opened, finished, busy, held (behind a canary
-- that is not over), or the state in which nothing may be called. An open entry is fence:dirty:since:sequence:worker:progress; since
-- is when the batch's calls began (commit.lua), sequence the number of the last commit under this fence, dirty 1 while calls may be
-- under way and 2, until the batch is finished, once Redis has lost what it had confirmed of it (I10).
-- A batch whose worker shows signs of life stays with it.
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return {'missing'} end
if redis.call('GETBIT', KEYS[3], ARGV[1]) == 1 then return {'finished'} end
if state ~= 'enqueuing' and state ~= 'running' then return {state} end
local canary = tonumber(redis.call('HGET', KEYS[1], 'canary') or '0')
if canary > 0 and tonumber(ARGV[1]) >= canary then return {'held'} end

local fence, dirty, since, progress = 0, '0', ARGV[4], ''
local entry = redis.call('HGET', KEYS[2], ARGV[1])
if entry then
  local f, d, s, w, p = string.match(entry, '^(%d+):(%d):(%d+):%d+:([^:]*):(.*)$')
  -- One that cannot be read tells nothing: whatever was called is looked for.
  fence, dirty, since, progress, w = tonumber(f or 0), d or '2', s or since, p or '', w or ''
  if w ~= '' and w ~= ARGV[2] then
    local time = redis.call('TIME')
    local beat = tonumber(string.match(redis.call('HGET', KEYS[4], w) or '0', '^%d+'))
    if time[1] * 1000 + math.floor(time[2] / 1000) - beat < tonumber(ARGV[5]) then return {'busy'} end
  end
end
fence = fence + 1
local now_dirty = dirty
if ARGV[3] == '1' then
  if dirty == '0' and progress == '' then since = ARGV[4] end
  if dirty == '0' then now_dirty = '1' end
end
redis.call('HSET', KEYS[2], ARGV[1], fence .. ':' .. now_dirty .. ':' .. since .. ':0:' .. ARGV[2] .. ':' .. progress)
redis.call('HSETNX', KEYS[1], 'started', ARGV[4])
return {'opened', fence, dirty, since, progress}
