-- KEYS: job, clients    ARGV: place up to which the outcomes are indexed, place up to which they are then, links made pending, links made active,
-- then part and entry by turns
-- Adds entries to the index of a job's clients, each once. Returns 1, or 0 when another has gone on from that place; -1 when there is no such job.
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
if (redis.call('HGET', KEYS[1], 'indexed') or '') ~= ARGV[1] then return 0 end
for i = 5, #ARGV, 2 do
  local part = redis.call('HGET', KEYS[2], ARGV[i]) or ''
  if not string.find(part, ARGV[i + 1], 1, true) then redis.call('HSET', KEYS[2], ARGV[i], part .. ARGV[i + 1]) end
end
redis.call('HSET', KEYS[1], 'indexed', ARGV[2])
redis.call('HINCRBY', KEYS[1], 'indexed_pending', ARGV[3])
redis.call('HINCRBY', KEYS[1], 'indexed_active', ARGV[4])
return 1
