-- KEYS: job    ARGV: inputs (JSON), now (ms)
redis.call('HSET', KEYS[1], 'sealed', '1', 'inputs', ARGV[1])
local state = redis.call('HGET', KEYS[1], 'state')
if redis.call('HGET', KEYS[1], 'finished_batches') == redis.call('HGET', KEYS[1], 'batches') then
  if state ~= 'cancelled' then
    redis.call('HSET', KEYS[1], 'state', 'finished', 'finished', ARGV[2])
  end
elseif state == 'enqueuing' then
  redis.call('HSET', KEYS[1], 'state', 'running')
end
return 1
