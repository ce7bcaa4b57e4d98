-- KEYS: events, seen, seen before    ARGV: life of what was seen (ms), most events, then name and event by turns
-- Keeps events that were not seen before, and returns how many those are.
local kept = 0
for i = 3, #ARGV, 2 do
  if redis.call('SISMEMBER', KEYS[2], ARGV[i]) == 0 and redis.call('SISMEMBER', KEYS[3], ARGV[i]) == 0 then
    redis.call('SADD', KEYS[2], ARGV[i])
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'e', ARGV[i + 1])
    kept = kept + 1
  end
end
if kept > 0 then redis.call('PEXPIRE', KEYS[2], ARGV[1]) end
return kept
