-- KEYS: job, links    ARGV: number of parts, then part, what it was read as, what it becomes by turns, then counter and increment by turns
-- Writes parts of the links and moves the counts along, unless another has written one of the parts since it was read. What is written is
-- joined by the caller, so that neither order nor repetition matters. Returns 1, or 0 when nothing was written; -1 when there is no such job.
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
local last = 1 + 3 * tonumber(ARGV[1])
for i = 2, last, 3 do
  if (redis.call('HGET', KEYS[2], ARGV[i]) or '') ~= ARGV[i + 1] then return 0 end
end
for i = 2, last, 3 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 2]) end
for i = last + 1, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1
