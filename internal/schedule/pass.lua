-- KEYS: schedule, history
-- ARGV: field (last or trigger), its value before, its value after (empty = none), then field and value by turns of an entry
-- Passes over slots, or over a run that was asked for, unless another worker has dealt with them. Returns
-- 1, else 0. People are owed the entry.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] or redis.call('HEXISTS', KEYS[1], 'order') == 1 then return 0 end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
local id = redis.call('XADD', KEYS[2], 'MAXLEN', '~', 5000, '*', unpack(ARGV, 4))
redis.call('HSET', KEYS[1], 'owed', id)
return 1
