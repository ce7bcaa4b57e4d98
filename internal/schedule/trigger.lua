-- KEYS: schedule, history    ARGV: run, time (ms), who
-- Asks for a run beside the timetable. Returns 1; 0 when there is no such schedule, or the run that is
-- already asked for.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.call('HSETNX', KEYS[1], 'trigger', ARGV[1] .. ':' .. ARGV[2] .. ':' .. ARGV[3]) == 0 then
  return string.match(redis.call('HGET', KEYS[1], 'trigger'), '^[^:]*')
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 5000, '*', 'what', 'triggered', 'run', ARGV[1], 'who', ARGV[3])
return 1
