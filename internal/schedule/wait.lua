-- KEYS: schedule    ARGV: slot (ms), last
-- Notes that a slot waits for the end of a run, unless another worker has dealt with it. Returns 1, else 0.
if redis.call('HGET', KEYS[1], 'last') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'waiting', ARGV[1])
return 1
