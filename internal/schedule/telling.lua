-- KEYS: schedule    ARGV: lease (ms)
-- Takes the telling of what is owed, which no other worker takes before the lease is over. Returns the
-- entry up to which people were notified, or an empty text when it is another's turn.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local told = redis.call('HMGET', KEYS[1], 'telling', 'told', 'owed')
if not told[3] or told[2] == told[3] or (told[1] and now < tonumber(told[1])) then return '' end
redis.call('HSET', KEYS[1], 'telling', string.format('%d', now + ARGV[1]))
return told[2] or '0-0'
