-- KEYS: schedule, history    ARGV: who, reason
-- Returns 1; 0 when there is no such schedule, -1 when it is paused already.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local time = redis.call('TIME')
if redis.call('HSETNX', KEYS[1], 'paused', string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))) == 0 then return -1 end
redis.call('HSET', KEYS[1], 'who', ARGV[1], 'reason', ARGV[2])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 5000, '*', 'what', 'paused', 'who', ARGV[1], 'reason', ARGV[2])
return 1
