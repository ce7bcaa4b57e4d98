-- KEYS: schedule, history, running
-- ARGV: fence, run that started (empty = none did), then field and value by turns of an entry
-- Ends an order. Returns 1, or 0 when it is another worker's. People are owed the entry of one that started no run.
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] or redis.call('HDEL', KEYS[1], 'order') == 0 then return 0 end
redis.call('HDEL', KEYS[1], 'lease', 'trouble')
local id = redis.call('XADD', KEYS[2], 'MAXLEN', '~', 5000, '*', unpack(ARGV, 3))
if ARGV[2] ~= '' then redis.call('SADD', KEYS[3], ARGV[2]) else redis.call('HSET', KEYS[1], 'owed', id) end
return 1
