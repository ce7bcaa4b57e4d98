-- KEYS: pending    ARGV: task id
-- Makes a waiting task the next that asynq delivers. One that is not waiting any more stays as it is.
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
return redis.call('RPUSH', KEYS[1], ARGV[1])
