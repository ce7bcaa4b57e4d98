-- KEYS: job, outcomes    ARGV: rows read, batches, rows rejected since the last note, chunk, its rows,
-- number of the row up to which all were read, rows filtered since the last note, then, of a pipe, who queues it
-- and the digest of its records, and rows read at the note before of the same process
-- Only moves forward: a repeated note is one that an enqueue made before it was started again. Of a pipe,
-- -1 when another queues it by now. -2 when the note before is not there, which was confirmed: Redis went back (I10). All batches of the note before are queued when the next one is made.
if ARGV[8] ~= '' and redis.call('HGET', KEYS[1], 'enqueuer') ~= ARGV[8] then return -1 end
local read = tonumber(redis.call('HGET', KEYS[1], 'read') or '-1')
if read < tonumber(ARGV[10]) then return -2 end
if tonumber(ARGV[1]) <= read then return 0 end
redis.call('HSET', KEYS[1], 'read', ARGV[1], 'batches', ARGV[2], 'through', ARGV[6])
if ARGV[9] ~= '' then redis.call('HSET', KEYS[1], 'queued', math.max(read, 0), 'digest', ARGV[9]) end
if ARGV[3] ~= '0' then redis.call('HINCRBY', KEYS[1], 'rejected', ARGV[3]) end
if ARGV[7] ~= '0' then
  -- Raised on both sides: rows that were never called say nothing about the share of failures.
  for _, k in ipairs({'filtered', 'noop', 'base_noop'}) do redis.call('HINCRBY', KEYS[1], k, ARGV[7]) end
end
if ARGV[4] ~= '' then redis.call('XADD', KEYS[2], '*', 'c', ARGV[4], 'r', ARGV[5]) end
return 1
