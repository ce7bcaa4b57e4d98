-- KEYS: job, open, finished, alive    ARGV: batch, worker, calling (0/1), now (ms), patience (ms), time for the reports of workers (ms)
-- Returns {what, fence, dirty, since, progress, confirmed}; what is opened, finished, busy, held (behind a canary
-- that is not over), unsettled (and the generation), or the state in which nothing may be called. An open entry is fence:dirty:since:sequence:worker:progress; since
-- is when the batch's calls began (commit.lua), sequence the number of the last commit under this fence, dirty 1 while calls may be
-- under way and 2, until the batch is finished, once Redis has lost what it had confirmed of it (I10).
-- A batch whose worker shows signs of life stays with it. Confirmed counts what the ledger has confirmed to the worker: it never goes back.
turn(KEYS[1])
local job = redis.call('HMGET', KEYS[1], 'state', 'canary', 'turned', 'highest', 'doubtful', 'created')
local state, canary, turned, highest, doubtful = job[1], tonumber(job[2] or '0'), job[3], tonumber(job[4] or '-1'), tonumber(job[5] or '-1')
local batch = tonumber(ARGV[1])
if not state then return {'missing'} end
if redis.call('GETBIT', KEYS[3], ARGV[1]) == 1 then return {'finished'} end
if state ~= 'enqueuing' and state ~= 'running' then return {state} end
if canary > 0 and batch >= canary then return {'held'} end

-- The record may lack openings. Each worker that lives reports what it was confirmed (report.lua); of one that is silent nobody knows: what nobody has
-- now, and as many batches as it can have opened, counts as called.
if turned then
  local reported, missing, silent = redis.call('HGET', KEYS[1], 'reported'), {}, 0
  local alive = redis.call('HGETALL', KEYS[4])
  for i = 1, #alive, 2 do
    local beat, since = string.match(alive[i + 1], '^(%d+):(%d+):')
    if beat and tonumber(since) < tonumber(turned) and turned - beat < tonumber(ARGV[5]) and not string.find(reported, ' ' .. alive[i] .. ' ', 1, true) then
      missing[alive[i]], silent = true, silent + 1
    end
  end
  local passed = clock() - turned
  if passed < tonumber(ARGV[6]) or silent > 0 and passed < tonumber(ARGV[5]) then
    return {'unsettled', redis.call('HGET', KEYS[1], 'generation')}
  end
  redis.call('HDEL', KEYS[1], 'turned')
  if silent > 0 then
    local entries, marked = redis.call('HGETALL', KEYS[2]), 0
    for i = 1, #entries, 2 do
      local head, rest, w = string.match(entries[i + 1], '^(%d+:)%d(:%d+:%d+:([^:]*):.*)$')
      if head and (w == '' or missing[w]) then
        redis.call('HSET', KEYS[2], entries[i], head .. '2' .. rest)
        marked = marked + 1
      end
    end
    local started = tonumber(redis.call('HGET', KEYS[1], 'started') or turned)
    local pace = (highest + 1) / math.max(1, (turned - started) / 1000)
    doubtful = math.max(doubtful, highest + 8 * silent + math.ceil(20 * pace))
    redis.call('HSET', KEYS[1], 'doubtful', doubtful)
    rollback(KEYS[1], ARGV[2], 0, marked, silent)
  end
end

local fence, dirty, since, progress = 0, '0', ARGV[4], ''
local entry = redis.call('HGET', KEYS[2], ARGV[1])
if entry then
  local f, d, s, w, p = string.match(entry, '^(%d+):(%d):(%d+):%d+:([^:]*):(.*)$')
  -- One that cannot be read tells nothing: whatever was called is looked for.
  fence, dirty, since, progress, w = tonumber(f or 0), d or '2', s or job[6] or since, p or '', w or ''
  if w ~= '' and w ~= ARGV[2] then
    local beat = tonumber(string.match(redis.call('HGET', KEYS[4], w) or '0', '^%d+'))
    if clock() - beat < tonumber(ARGV[5]) then return {'busy'} end
  end
elseif batch <= doubtful then
  dirty, since = '2', job[6] or since
end
fence = fence + 1
local now_dirty = dirty
if ARGV[3] == '1' then
  if dirty == '0' and progress == '' then since = ARGV[4] end
  if dirty == '0' then now_dirty = '1' end
end
redis.call('HSET', KEYS[2], ARGV[1], fence .. ':' .. now_dirty .. ':' .. since .. ':0:' .. ARGV[2] .. ':' .. progress)
redis.call('HSETNX', KEYS[1], 'started', ARGV[4])
if batch > highest then redis.call('HSET', KEYS[1], 'highest', ARGV[1]) end
return {'opened', fence, dirty, since, progress, redis.call('HINCRBY', KEYS[1], 'confirmed:' .. ARGV[2], 1)}
