-- KEYS: job, finished
-- Returns how the job's canary stands: running, finished, or over (so it is for a job without one). The
-- first that finds it finished notes when, by Redis' clock; the second part of the answer is the ms since.
local batches = tonumber(redis.call('HGET', KEYS[1], 'canary') or '0')
if batches == 0 then return {'over', 0} end
local whole = math.floor(batches / 8)
local finished = 0
if whole > 0 then finished = redis.call('BITCOUNT', KEYS[2], 0, whole - 1) end
for b = 8 * whole, batches - 1 do finished = finished + redis.call('GETBIT', KEYS[2], b) end
if finished < batches then return {'running', 0} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSETNX', KEYS[1], 'canary_finished', now)
return {'finished', now - tonumber(redis.call('HGET', KEYS[1], 'canary_finished'))}
