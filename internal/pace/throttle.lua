-- KEYS: pace    ARGV: what the API asked to wait (µs; 0 = it did not say), jitter (0 to 1), good answers not yet told
-- Returns how long all calls wait (µs). A 429 that comes while calls wait, or within a second, is part of the same event;
-- an event lowers the rate once. Workers that listen hear of a halt at once, the others at their next lease.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local second, key = 1000000, KEYS[1]
local function whole(n) return string.format('%.0f', n) end
local function get(field) return tonumber(redis.call('HGET', key, field) or '0') end

-- lower takes a part off the rate, the more the longer ago, or the shorter ago, the last 429 was: both say that the limit
-- is not near the rate.
local function lower(at)
  local conf, slow = get('conf'), get('slow')
  local rate = slow > 0 and slow or conf
  if rate == 0 then -- no limit so far: what was reached is over it
    local reached = (get('made') + tonumber(ARGV[3])) / math.max(now - get('since'), second / 5) * second
    rate = math.max(reached, get('measured'), 10)
  end
  local factor = 0.85
  if at == 0 or now - at > 60 * second then factor = 0.5 elseif now - at < 10 * second then factor = 0.7 end
  local least = conf > 0 and math.min(1, conf) or 1
  if now - get('lowered') > 10 * second then
    redis.call('HSET', key, 'before', slow, 'lowered', whole(now))
  end
  redis.call('HSET', key, 'slow', math.max(least, factor * rate), 'top', rate)
end

local halt, at, asked = get('halt'), get('at'), tonumber(ARGV[1])
if now > math.max(halt, at + second) then
  local streak, spared, refused = get('streak') + 1, get('spared'), get('refused')
  if spared < 10 or spared < 10 * refused then lower(at) end
  if asked == 0 then
    local backoff = math.min(60 * second, second / 4 * 2 ^ math.min(streak - 1, 10))
    asked = backoff / 2 + tonumber(ARGV[2]) * backoff / 2
  end
  redis.call('HSET', key, 'at', whole(now), 'raised', whole(now), 'streak', streak, 'made', 0, 'since', whole(now + asked),
    'spared', 0.9 * spared, 'refused', 0.9 * refused)
end
if now + asked > halt then
  halt = now + asked
  redis.call('HSET', key, 'halt', whole(halt))
  redis.pcall('PUBLISH', key, whole(asked)) -- a user who may not publish does without: the next lease tells too
end
return math.max(0, math.ceil(halt - now))
