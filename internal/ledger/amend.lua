-- KEYS: job    ARGV: options as they were read, options wanted (both JSON), event (JSON)
-- Returns 1, or 0 when the options are others by now.
if redis.call('HGET', KEYS[1], 'options') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'options', ARGV[2], 'event:' .. redis.call('HINCRBY', KEYS[1], 'events', 1), ARGV[3])
return 1
