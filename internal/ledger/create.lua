-- KEYS: job    ARGV: options (JSON), now (ms), fingerprint of the input, batches of the canary,
-- who queues its rows, empty where no signs of life are given
-- Returns 1, or 0 when the job exists.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'options', ARGV[1], 'created', ARGV[2], 'fingerprint', ARGV[3], 'state', 'enqueuing', 'sealed', '0',
  'read', '0', 'batches', '0', 'finished_batches', '0', 'canary', ARGV[4])
turn(KEYS[1])
if ARGV[5] ~= '' then
  local time = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'enqueuer', ARGV[5], 'enqueuer_seen', string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000)))
end
return 1
