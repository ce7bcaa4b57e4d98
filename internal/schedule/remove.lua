-- KEYS: schedule, history, running
-- Forgets the schedule. Returns 1; 0 when there is none, -1 while a worker starts a run of it.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.call('HEXISTS', KEYS[1], 'order') == 1 then
  local time = redis.call('TIME')
  if time[1] * 1000 + math.floor(time[2] / 1000) < tonumber(redis.call('HGET', KEYS[1], 'lease')) then return -1 end
end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
return 1
