-- KEYS: job    ARGV: cause, job that is to run its failed rows again, job that may lose them to it (or empty)
-- Returns the job that has the failed rows of a cause, and whether it has those of this cause alone; an empty cause are
-- all causes that no other job has.
local field = 'retry:' .. ARGV[1]
local holder = redis.call('HGET', KEYS[1], field)
if holder and holder ~= ARGV[3] then return {holder, 1} end
local all = redis.call('HGET', KEYS[1], 'retry:')
if not holder and all and all ~= ARGV[3] then return {all, 0} end
redis.call('HSET', KEYS[1], field, ARGV[2])
return {ARGV[2], 1}
