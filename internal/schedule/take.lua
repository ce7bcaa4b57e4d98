-- KEYS: schedule
-- ARGV: field (last or trigger), its value before, its value after (empty = none), order, lease (ms)
-- Makes a slot, or a run that was asked for, the one order of the schedule, unless another worker has dealt
-- with it. Returns the fence of the order, else 0.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] or redis.call('HEXISTS', KEYS[1], 'order') == 1 then return 0 end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'order', ARGV[4], 'lease', string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[5]))
redis.call('HDEL', KEYS[1], 'waiting')
return redis.call('HINCRBY', KEYS[1], 'fence', 1)
