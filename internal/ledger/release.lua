-- KEYS: job    ARGV: process
-- Says that a process no longer queues the job's rows, by Redis' own clock.
if redis.call('HGET', KEYS[1], 'enqueuer') ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'enqueuer', '', 'enqueuer_seen', string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000)))
return 1
