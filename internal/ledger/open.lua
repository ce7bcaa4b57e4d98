-- KEYS: job, open, finished    ARGV: batch, worker, now (ms)
-- Returns {what, fence, dirty, since, progress}; what is opened, finished, or the state in which
-- nothing may be called. An open entry is fence:dirty:since:sequence:worker:progress;
-- since is when the batch was first opened, sequence the number of the last commit under this fence.
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return {'missing'} end
if redis.call('GETBIT', KEYS[3], ARGV[1]) == 1 then return {'finished'} end
if state ~= 'enqueuing' and state ~= 'running' then return {state} end

local fence, dirty, since, progress = 0, '0', ARGV[3], ''
local entry = redis.call('HGET', KEYS[2], ARGV[1])
if entry then
  local f, d, s, p = string.match(entry, '^(%d+):(%d):(%d+):%d+:[^:]*:(.*)$')
  fence, dirty, since, progress = tonumber(f), d, s, p
end
fence = fence + 1
redis.call('HSET', KEYS[2], ARGV[1], fence .. ':1:' .. since .. ':0:' .. ARGV[2] .. ':' .. progress)
redis.call('HSETNX', KEYS[1], 'started', ARGV[3])
return {'opened', fence, dirty, since, progress}
