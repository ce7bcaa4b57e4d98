-- KEYS: job, open, finished    ARGV: number of the mending, batch, progress
-- Makes a batch that is finished an open one, whose undone rows are looked for before they are sent. One that is not finished stays as it
-- is: the Redis client sends a script again when its answer is lost. Returns 0 when a newer mending has begun.
local job = redis.call('HMGET', KEYS[1], 'mending', 'created')
if job[1] ~= ARGV[1] then return 0 end
if redis.call('GETBIT', KEYS[3], ARGV[2]) == 0 then return 1 end
redis.call('SETBIT', KEYS[3], ARGV[2], 0)
redis.call('HINCRBY', KEYS[1], 'finished_batches', -1)
redis.call('HSET', KEYS[2], ARGV[2], '0:2:' .. (job[2] or '0') .. ':0::' .. ARGV[3])
return 1
