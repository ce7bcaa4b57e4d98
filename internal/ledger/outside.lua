-- KEYS: job, taken, merged    ARGV: number of clients, digests of clients, then of users
-- Notes clients that users outside the job have lost and users outside it that were merged into its users, each once, and returns how many there are of
-- both; nothing when there is no such job.
if redis.call('EXISTS', KEYS[1]) == 0 then return {0, 0} end
local clients = tonumber(ARGV[1])
for i = 2, #ARGV do redis.call('SADD', i <= clients + 1 and KEYS[2] or KEYS[3], ARGV[i]) end
local taken, merged = redis.call('SCARD', KEYS[2]), redis.call('SCARD', KEYS[3])
if #ARGV > 1 then redis.call('HSET', KEYS[1], 'taken', taken, 'mergedIn', merged) end
return {taken, merged}
