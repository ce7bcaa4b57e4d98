-- KEYS: claims of a job's rows    ARGV: row, who is to run it again, life of the claims in ms, who may have had the claim before that one
-- Returns who has the claim now.
local holder = redis.call('HGET', KEYS[1], ARGV[1])
if holder and holder ~= ARGV[2] then
  local passed = false
  for i = 4, #ARGV do passed = passed or holder == ARGV[i] end
  if not passed then return holder end
end
if not holder or holder ~= ARGV[2] then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return ARGV[2]
