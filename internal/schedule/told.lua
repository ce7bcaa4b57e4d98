-- KEYS: schedule    ARGV: entry, done (0/1)
-- Notes up to which entry people were notified; done lets any worker tell the rest. Returns 1, or 0 when the
-- schedule is gone.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'told', ARGV[1])
if ARGV[2] == '1' then redis.call('HDEL', KEYS[1], 'telling') end
return 1
