-- KEYS: job    ARGV: process, patience (ms)
-- Makes a process the one that queues the job's rows, and notes its sign of life by Redis' own clock. The place of
-- another is taken when it gave none for the time of the patience; -1 never takes it.
-- Returns {1}, or {0, who has the place, ms since its last sign}; {-1} when there is no such job.
if redis.call('EXISTS', KEYS[1]) == 0 then return {-1} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local entry = redis.call('HMGET', KEYS[1], 'enqueuer', 'enqueuer_seen')
if entry[1] and entry[1] ~= '' and entry[1] ~= ARGV[1] then
  local silent = now - tonumber(entry[2])
  local patience = tonumber(ARGV[2])
  if patience < 0 or silent < patience then return {0, entry[1], silent} end
end
redis.call('HSET', KEYS[1], 'enqueuer', ARGV[1], 'enqueuer_seen', string.format('%d', now))
return {1}
