-- KEYS: job    ARGV: options (JSON), now (ms), fingerprint of the input, batches of the canary
-- Returns 1, or 0 when the job exists.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'options', ARGV[1], 'created', ARGV[2], 'fingerprint', ARGV[3], 'state', 'enqueuing', 'sealed', '0',
  'read', '0', 'batches', '0', 'finished_batches', '0', 'canary', ARGV[4])
return 1
