-- KEYS: job, alive    ARGV: worker
-- Takes a worker's sign of life back; once the job has ended all of them, since a worker that was
-- killed does not.
local state = redis.call('HGET', KEYS[1], 'state')
if state == 'finished' or state == 'cancelled' then return redis.call('DEL', KEYS[2]) end
return redis.call('HDEL', KEYS[2], ARGV[1])
