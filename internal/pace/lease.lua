-- KEYS: pace
-- ARGV: worker, job, need (calls; 0 = only keep the terms), rate (calls/s; 0 = no limit), reserve (0 to 1),
--       burst, weight, cap (calls/s of this job; 0 = none), calls answered since the last lease, their mean latency (µs),
--       calls in flight during a halt that were answered well, and by 429
-- Returns {calls, wait (µs), span (µs), lapse (µs)}: the calls may be made from wait on, evenly over the span, each at most
-- lapse after its time. 0 calls: ask again after wait. -1: there is no limit until lapse is over.
-- The calls of all workers lie on one line, a slot each; tat is the time of its next free slot. All times are Redis' own.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local worker, job, need = ARGV[1], ARGV[2], tonumber(ARGV[3])
local made, latency = tonumber(ARGV[9]), tonumber(ARGV[10])
local second, key = 1000000, KEYS[1]
local function whole(n) return string.format('%.0f', n) end
local function set(field, value) redis.call('HSET', key, field, value) end

set('job:' .. job, table.concat({whole(now), ARGV[4], ARGV[5], ARGV[6], ARGV[7]}, ' '))
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
local cap = tonumber(ARGV[8])
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

-- A 429 among many calls in flight of which nearly all were answered well says nothing about the rate.
if tonumber(ARGV[11]) + tonumber(ARGV[12]) > 0 then
  h.spared = redis.call('HINCRBY', key, 'spared', ARGV[11])
  h.refused = redis.call('HINCRBY', key, 'refused', ARGV[12])
end
if h.before and now > halt then
  if get('spared') >= 20 and get('spared') >= 10 * get('refused') then
    h.slow = h.before
    set('slow', h.slow)
  end
  redis.call('HDEL', key, 'before')
end

-- The rate: the configured one, or less since a 429. Clean running raises it by small steps that grow.
local rate, slow = conf, get('slow')
if slow > 0 then
  local raised, top = get('raised'), get('top')
  if now > halt and now - raised >= second then
    local step = 0.01 * top
    if conf > 0 then step = math.min(step, 0.0025 * conf) end
    step = math.max(step, 0.01) * 2 ^ math.min(8, math.floor((now - math.max(halt, get('at'))) / (10 * second)))
    if h.held ~= '1' then slow = slow + step * math.min(2, (now - raised) / second) end
    redis.call('HSET', key, 'slow', slow, 'raised', whole(now))
  end
  if conf > 0 and slow >= conf or conf == 0 and slow > 4 * top then
    redis.call('HDEL', key, 'slow', 'top')
  else rate = slow end
end
if need == 0 then return {0, 0, 0, 0} end
if now < halt then return {0, math.ceil(halt - now), 0, 0} end

-- A job with a rate of its own waits for its turn first.
local turn = now
if cap > 0 then
  turn = math.max(get('cap:' .. job), now - 100000)
  if turn > now then return {0, math.ceil(turn - now), 0, 0} end
  need = math.min(need, math.max(1, math.floor(cap / 4)))
end
if rate == 0 then
  if cap == 0 then return {-1, 0, 0, second} end
  set('cap:' .. job, whole(turn + need * second / cap))
  return {need, 0, math.ceil(need * second / cap), second}
end

-- A slot lapses when the burst's time is over, so that late calls do not meet those on time. Where that is too short to
-- keep, slots are farther apart instead: (1 s + lapse) of slots never exceeds rate × 1 s + burst.
local lapse = conf > 0 and burst / conf * second or 100000
lapse = math.max(lapse, second / rate, 50000)
local room = math.max(1, conf > 0 and burst * rate / conf or rate / 10)
local interval = math.max(second / rate, (second + lapse) / (rate + room))

-- One round gives each asking worker a lease, each job its part by weight. A round is 100 ms for each lease, a second at
-- most; longer only where a worker's part would be less than a call.
local weights = 0
for name in pairs(workers) do weights = weights + (weight[name] or 1) end
local round = math.min(second, 100000 * asking)
for name, n in pairs(workers) do
  round = math.max(round, math.min(2 * second, n * weights / (weight[name] or 1) * interval))
end
local part = math.floor(round / interval * weight[job] / weights / workers[job] + 0.001)
local n = math.max(1, math.min(need, part))

-- Nothing is reserved farther ahead than two seconds.
local tat = math.max(h.tat and get('tat') or now, now - lapse + interval)
if tat > now + 2 * second + interval then tat = now + 2 * second end -- the rate was raised, or the clock was set
if tat > now + 2 * second then return {0, math.ceil(tat - now - second), 0, 0} end
local span = math.ceil(n * interval)
set('tat', whole(tat + span))
if cap > 0 then set('cap:' .. job, whole(turn + n * second / cap)) end
return {n, math.ceil(tat - now), span, math.floor(lapse)}
