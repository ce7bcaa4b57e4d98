-- KEYS: schedule    ARGV: fence, lease (ms), trouble (empty = as it was)
-- Sets how long nobody else may take the order over, and what was in the way of its run. Returns 1, or 0
-- when the order is another worker's.
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] or redis.call('HEXISTS', KEYS[1], 'order') == 0 then return 0 end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'lease', string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2]))
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'trouble', ARGV[3]) end
return 1
