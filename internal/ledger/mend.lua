-- KEYS: job    ARGV: event (JSON)
-- Lets rows of a finished job be queued again, which is then as one that is being queued; or continues a mending that was cut off.
-- Returns its number, above those before: only the newest may reopen batches. 0 when the job is in no such state.
local job = redis.call('HMGET', KEYS[1], 'state', 'sealed', 'mending')
if job[1] == 'finished' then
  redis.call('HSET', KEYS[1], 'state', 'enqueuing', 'sealed', '0')
  redis.call('HDEL', KEYS[1], 'finished')
  redis.call('HSET', KEYS[1], 'event:' .. redis.call('HINCRBY', KEYS[1], 'events', 1), ARGV[1])
  for _, k in ipairs({'ok', 'noop', 'failed', 'in_doubt'}) do
    redis.call('HSET', KEYS[1], 'base_' .. k, redis.call('HGET', KEYS[1], k) or '0')
  end
elseif not job[3] or job[2] ~= '0' or job[1] == 'cancelled' then
  return 0
end
return redis.call('HINCRBY', KEYS[1], 'mending', 1)
