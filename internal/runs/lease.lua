-- KEYS: run    ARGV: owner, ms
-- Returns 1 when the owner has the lease now, 0 while another has it, and of a run that is not there.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'lease_owner', 'lease_until')
if held[1] and held[1] ~= ARGV[1] and tonumber(held[2]) > now then return 0 end
redis.call('HSET', KEYS[1], 'lease_owner', ARGV[1], 'lease_until', now + ARGV[2])
return 1
