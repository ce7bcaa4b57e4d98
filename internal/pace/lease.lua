-- KEYS: pace
-- ARGV: worker, job, need (calls; 0 = only keep the terms), delay (µs that replies take), rate (calls/s; 0 = no limit),
--       reserve (0 to 1), burst, weight, cap (calls/s of this job; 0 = none), calls answered since the last lease, their
--       mean latency (µs), calls in flight during a halt that were answered well, and by 429
-- Returns {now, calls, wait (µs), span (µs), lapse (µs)}: the calls may be made from now + wait on, evenly over the span,
-- each at most lapse after its time. 0 calls: ask again after wait. -1: there is no limit until lapse is over.
-- The calls of all workers lie on one line, a slot each; tat is the time of its next free slot. All times are Redis' own.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local worker, job, need = ARGV[1], ARGV[2], tonumber(ARGV[3])
local delay, made, latency = tonumber(ARGV[4]), tonumber(ARGV[10]), tonumber(ARGV[11])
local second, key = 1000000, KEYS[1]
local function whole(n) return string.format('%.0f', n) end
local function set(field, value) redis.call('HSET', key, field, value) end

set('job:' .. job, table.concat({whole(now), ARGV[5], ARGV[6], ARGV[7], ARGV[8]}, ' '))
if need > 0 then set('ask:' .. job .. ':' .. worker, whole(now)) end
local h, all = {}, redis.call('HGETALL', key)
for i = 1, #all, 2 do h[all[i]] = all[i + 1] end
local function get(field) return tonumber(h[field] or '0') end

-- Who asks now: a worker that is gone has no part after two seconds, a job after six.
local workers, asking, limit, conf, burst, weight = {}, 0, 0, 0, nil, {}
for field, value in pairs(h) do
  local kind, name = string.match(field, '^(%l+):([^:]+)')
  if kind == 'ask' then
    if now - tonumber(value) < 2 * second then
      workers[name], asking = (workers[name] or 0) + 1, asking + 1
    else redis.call('HDEL', key, field) end
  elseif kind == 'job' then
    local at, r, reserve, b, w = string.match(value, '^(%S+) (%S+) (%S+) (%S+) (%S+)$')
    if now - tonumber(at) < 6 * second then
      r, weight[name] = tonumber(r), tonumber(w)
      local own = r * (1 - tonumber(reserve))
      if r > 0 and (limit == 0 or r < limit) then limit = r end
      if own > 0 and (conf == 0 or own < conf) then conf = own end
      if not burst or tonumber(b) < burst then burst = tonumber(b) end
    else redis.call('HDEL', key, field, 'cap:' .. name) end
  end
end
local cap = tonumber(ARGV[9])
if h.override == 'max' then conf, cap = limit, 0
elseif h.override then
  conf, cap = tonumber(h.override), 0
  burst = math.max(1, math.floor(conf / 10))
end
set('limit', limit)
set('conf', conf)
if h.override then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, 86400000) end

-- What was measured: calls a second, and whether answers take longer than they did.
local halt, since = get('halt'), get('since')
if since == 0 then since = now; set('since', whole(since)) end
if made > 0 then
  redis.call('HINCRBY', key, 'made', made)
  local lat = h.lat and get('lat') + 0.2 * (latency - get('lat')) or latency
  local usual = h.usual and get('usual') + 0.002 * (lat - get('usual')) or lat
  usual = math.min(usual, lat)
  h.held = (lat > 2 * usual and lat - usual > 20000) and '1' or '0'
  set('lat', lat)
  set('usual', usual)
  set('held', h.held)
  if now > halt then set('streak', 0) end
end
if now - since >= second then
  set('measured', (get('made') + made) / (now - since) * second)
  redis.call('HSET', key, 'made', 0, 'since', whole(now))
end

-- Where nearly all calls in flight at a halt are answered well, 429s say nothing about the rate: it is as before.
if tonumber(ARGV[12]) + tonumber(ARGV[13]) > 0 then
  h.spared = redis.call('HINCRBYFLOAT', key, 'spared', ARGV[12])
  h.refused = redis.call('HINCRBYFLOAT', key, 'refused', ARGV[13])
  local sporadic = get('spared') >= 10 and get('spared') >= 10 * get('refused')
  if sporadic and h.before and now - get('lowered') < 10 * second then
    h.slow = h.before
    set('slow', h.slow)
    redis.call('HDEL', key, 'before')
  end
end

-- The rate: the configured one, or less since a 429. Clean running raises it by small steps that grow.
local rate, slow = conf, get('slow')
if slow > 0 then
  local raised, top = get('raised'), get('top')
  if now > halt and now - raised >= second then
    local step = 0.02 * top
    if conf > 0 then step = math.min(step, 0.0025 * conf) end
    step = math.max(step, 0.01) * 2 ^ math.min(8, math.floor((now - math.max(halt, get('at'))) / (10 * second)))
    if h.held ~= '1' then slow = slow + step * math.min(2, (now - raised) / second) end
    redis.call('HSET', key, 'slow', slow, 'raised', whole(now))
  end
  if conf > 0 and slow >= conf or conf == 0 and slow > 4 * top then
    redis.call('HDEL', key, 'slow', 'top')
  else rate = slow end
end
if need == 0 then return {now, 0, 0, 0, 0} end
if now < halt then return {now, 0, math.ceil(halt - now), 0, 0} end

-- A job with a rate of its own waits for its turn first.
local turn = now
if cap > 0 then
  local latest = now + math.max(second, second / cap)
  turn = math.max(get('cap:' .. job), now - 2 * second)
  if turn > latest then -- the cap was lower
    turn = latest
    set('cap:' .. job, whole(turn))
  end
  if turn > now then return {now, 0, math.ceil(turn - now), 0, 0} end
  need = math.min(need, math.max(1, math.floor(cap)))
end
if rate == 0 then
  if cap == 0 then return {now, -1, 0, 0, second + delay} end
  set('cap:' .. job, whole(turn + need * second / cap))
  return {now, need, 0, math.ceil(need * second / cap), second}
end

-- A slot lapses when the burst's time is over, so that late calls do not meet those on time. Where that is too short to
-- keep, slots are farther apart instead: (1 s + lapse) of slots never exceeds rate × 1 s + burst.
local lapse = conf > 0 and burst / conf * second or 100000
lapse = math.max(lapse, second / rate, 50000)
local room = math.max(1, conf > 0 and burst * rate / conf or rate / 10)
local interval = math.max(second / rate, (second + lapse) / (rate + room))

-- One round gives each asking worker a lease, each job its part by weight. A round is 80 ms for each lease, but a second
-- at most, and no lease has more than 50 calls; it is longer only where a worker's part would be less than a call.
local weights, round, least = 0, math.min(second, 80000 * asking), 0
for name in pairs(workers) do weights = weights + (weight[name] or 1) end
for name, n in pairs(workers) do
  local one = n * weights / (weight[name] or 1) * interval -- the round in which each worker of the job gets one call
  round, least = math.min(round, 50 * one), math.max(least, one)
end
round = math.max(round, math.min(2 * second, least))
local part = math.floor(round / interval * weight[job] / weights / workers[job] + 0.001)
local n = math.max(1, math.min(need, part))

-- Nothing is reserved farther ahead than two seconds.
local tat = math.max(h.tat and get('tat') or now, now - math.max(0, lapse / 4 - interval))
if delay > lapse / 4 then tat = math.max(tat, now + delay - lapse / 4) end -- else the slots would lapse before the reply is there
if tat > now + 4 * second + interval then tat = now + 2 * second end -- the rate was raised, or the clock was set
if tat > now + 2 * second then return {now, 0, math.ceil(tat - now - second), 0, 0} end
local span = math.ceil(n * interval)
set('tat', whole(tat + span))
if cap > 0 then set('cap:' .. job, whole(turn + n * second / cap)) end
return {now, n, math.ceil(tat - now), span, math.floor(lapse)}
