-- KEYS: notices    ARGV: notice, begin (0/1), lease (ms)
-- Returns the number of the attempt, which is the caller's for the time of the lease; 0 when it is another's
-- turn, or too early; -1 when nothing is owed: settled, or never begun and not to be begun now.
-- An entry is attempt:due, by Redis' clock, or the word by which the notice was settled.
local entry = redis.call('HGET', KEYS[1], ARGV[1])
if not entry and ARGV[2] == '0' then return -1 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local attempt = 0
if entry then
  local a, due = string.match(entry, '^(%d+):(%d+)$')
  if not a then return -1 end
  if now < tonumber(due) then return 0 end
  attempt = tonumber(a)
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d:%d', attempt + 1, now + tonumber(ARGV[3])))
return attempt + 1
