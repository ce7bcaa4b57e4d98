-- KEYS: claim    ARGV: job that has it, job that gets it, how long it is remembered (ms)
-- Returns whether the claim was the first job's, or is the second's by now: the Redis client sends a script again
-- when its answer is lost.
local holder = redis.call('GET', KEYS[1])
if holder ~= ARGV[1] and holder ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
