-- KEYS: schedule, history, running
-- Forgets the schedule, whatever the keys hold. Returns 1; 0 when there is none, -1 while a worker starts a run of it.
local kind = redis.call('TYPE', KEYS[1]).ok
if kind == 'hash' and redis.call('HEXISTS', KEYS[1], 'order') == 1 then
  local time = redis.call('TIME')
  local lease = tonumber(redis.call('HGET', KEYS[1], 'lease') or '') or 0
  if time[1] * 1000 + math.floor(time[2] / 1000) < lease then return -1 end
end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
if kind == 'none' then return 0 end
return 1
