-- KEYS: notices    ARGV: notice, attempt, pause (ms)
-- Says when the next attempt may be made, unless another was made or the notice is settled.
local entry = redis.call('HGET', KEYS[1], ARGV[1])
if not entry or string.match(entry, '^(%d+):') ~= ARGV[2] then return 0 end
local time = redis.call('TIME')
local due = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d:%d', tonumber(ARGV[2]), due))
return 1
