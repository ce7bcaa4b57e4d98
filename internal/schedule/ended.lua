-- KEYS: running, history    ARGV: run, then field and value by turns of an entry
-- Notes the end of a run once. Returns 1, or 0 when it was noted.
if redis.call('SREM', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 5000, '*', unpack(ARGV, 2))
return 1
