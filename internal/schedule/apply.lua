-- KEYS: schedule, history
-- ARGV: runbook, vars, timetable, paused at first (0/1), who
-- Returns created, changed or unchanged. Slots count from now where the timetable is a new one; whether
-- it is paused stays as it was.
local before = redis.call('HMGET', KEYS[1], 'runbook', 'vars', 'timetable')
if before[1] == ARGV[1] and before[2] == ARGV[2] then return 'unchanged' end
local time = redis.call('TIME')
local now = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSET', KEYS[1], 'runbook', ARGV[1], 'vars', ARGV[2], 'timetable', ARGV[3], 'changed', now)
redis.call('HINCRBY', KEYS[1], 'version', 1)
if before[3] ~= ARGV[3] then redis.call('HSET', KEYS[1], 'last', now) end
local answer, reason = 'changed', ''
if not before[1] then
  answer = 'created'
  redis.call('HSET', KEYS[1], 'created', now, 'fence', now) -- above those of a schedule of this name that was removed
  if ARGV[4] == '1' then redis.call('HSET', KEYS[1], 'paused', now, 'who', ARGV[5], 'reason', 'paused in its file') end
elseif before[3] ~= ARGV[3] then
  reason = 'with a new timetable'
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 5000, '*', 'what', answer, 'who', ARGV[5], 'reason', reason)
return answer
