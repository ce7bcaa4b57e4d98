-- KEYS: run    ARGV: the step it is at, from 0; 1 when that is its last
-- Returns 1, or 0 when the run is not at that step, or has ended.
local run = redis.call('HMGET', KEYS[1], 'state', 'step')
if run[2] ~= ARGV[1] or run[1] == 'finished' or run[1] == 'cancelled' then return 0 end
redis.call('HSET', KEYS[1], 'step', ARGV[1] + 1)
if ARGV[2] == '1' then
  local now = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'state', 'finished', 'reason', '', 'ended', now[1] * 1000 + math.floor(now[2] / 1000))
end
return 1
