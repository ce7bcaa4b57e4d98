-- KEYS: schedule, history    ARGV: who, reason
-- Returns 1; 0 when there is no such schedule, -1 when it is not paused. Slots count from now: those of
-- the pause are not caught up.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.call('HDEL', KEYS[1], 'paused', 'who', 'reason') == 0 then return -1 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if tonumber(redis.call('HGET', KEYS[1], 'last')) < now then redis.call('HSET', KEYS[1], 'last', string.format('%d', now)) end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 5000, '*', 'what', 'resumed', 'who', ARGV[1], 'reason', ARGV[2])
return 1
