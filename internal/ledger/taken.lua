-- KEYS: job, taken    ARGV: digests of clients
-- Notes clients that users outside the job have lost, each once, and returns how many there are; 0 when there is no such job.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
for _, client in ipairs(ARGV) do redis.call('SADD', KEYS[2], client) end
local all = redis.call('SCARD', KEYS[2])
if #ARGV > 0 then redis.call('HSET', KEYS[1], 'taken', all) end
return all
