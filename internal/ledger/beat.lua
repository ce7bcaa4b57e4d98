-- KEYS: alive, job    ARGV: worker, forget (ms), window (ms), calls in flight, calls made, what the worker is doing
-- Notes a sign of life by Redis' own clock, and drops workers that gave none for long; all go when
-- the last one is silent for as long. An entry is now:since:in flight:doing: and then time=calls of each
-- sign in the window, the newest first, by which the rate is known.
-- Returns {generation, confirmed}: by them the worker sees whether Redis went back.
turn(KEYS[2])
local now = clock()
local before = redis.call('HGET', KEYS[1], ARGV[1]) or ''
local since = string.match(before, '^%d+:(%d+):') or string.format('%d', now)
local entry = {string.format('%d:%s:%s:%s:%d=%s', now, since, ARGV[4], ARGV[6], now, ARGV[5])}
for at, calls in string.gmatch(before, '(%d+)=(%d+)') do
  if now - tonumber(at) <= tonumber(ARGV[3]) then entry[#entry + 1] = at .. '=' .. calls end
end
redis.call('HSET', KEYS[1], ARGV[1], table.concat(entry, ' '))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if now - tonumber(string.match(all[i + 1], '^%d+')) > tonumber(ARGV[2]) then redis.call('HDEL', KEYS[1], all[i]) end
end
local job = redis.call('HMGET', KEYS[2], 'generation', 'confirmed:' .. ARGV[1])
return {tonumber(job[1] or '0'), tonumber(job[2] or '0')}
