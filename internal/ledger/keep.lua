-- KEYS: events, seen, seen before, heard    ARGV: life of what was seen (ms), most events, life of heard (ms), then name, event and digests of its user by turns
-- Keeps events that were not seen before, and returns how many those are. What remains of the life of heard tells when the last came.
local kept = 0
redis.call('SET', KEYS[4], 1, 'PX', ARGV[3])
for i = 4, #ARGV, 3 do
  if redis.call('SISMEMBER', KEYS[2], ARGV[i]) == 0 and redis.call('SISMEMBER', KEYS[3], ARGV[i]) == 0 then
    redis.call('SADD', KEYS[2], ARGV[i])
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'e', ARGV[i + 1], 'u', ARGV[i + 2])
    kept = kept + 1
  end
end
if kept > 0 then redis.call('PEXPIRE', KEYS[2], ARGV[1]) end
return kept
