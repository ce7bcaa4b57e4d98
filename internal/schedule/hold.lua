-- KEYS: schedule    ARGV: order, lease (ms)
-- Takes an order over whose worker has let it go, or fell silent. Returns its new fence, else 0.
if redis.call('HGET', KEYS[1], 'order') ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now < tonumber(redis.call('HGET', KEYS[1], 'lease')) then return 0 end
redis.call('HSET', KEYS[1], 'lease', string.format('%d', now + ARGV[2]))
return redis.call('HINCRBY', KEYS[1], 'fence', 1)
