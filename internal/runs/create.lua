-- KEYS: run    ARGV: head (JSON), now (ms)
-- Returns 1, or 0 when the run exists.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'head', ARGV[1], 'created', ARGV[2], 'state', 'running', 'step', '0')
return 1
