-- KEYS: job    ARGV: the override that is in force ('' = none), event (JSON)
-- Each worker of the job sees the change: the first one notes it. Returns 1 when it was noted.
if (redis.call('HGET', KEYS[1], 'rate_noted') or '') == ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'rate_noted', ARGV[1], 'event:' .. redis.call('HINCRBY', KEYS[1], 'events', 1), ARGV[2])
return 1
