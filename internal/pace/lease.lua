-- ARGV: worker, job, need (calls; 0 = only keep the terms), delay (µs that replies take), rate (calls/s; 0 = no limit),
--       reserve (0 to 1), burst, weight, cap (calls/s of this job; 0 = none), calls answered since the last lease other than
--       by 429, their mean latency (µs), answers 429 that throttle.lua was not told of, and of the calls answered those that
--       were sent after the last halt
-- Returns {now, calls, wait (µs), span (µs), lapse (µs)}: the calls may be made from now + wait on, evenly over the span,
-- each at most lapse after its time. 0 calls: ask again after wait. -1: there is no limit until lapse is over.
-- The calls of all workers lie on one line, a slot each; tat is the time of its next free slot. All times are Redis' own.
local worker, job, need = ARGV[1], ARGV[2], tonumber(ARGV[3])
local delay, made, latency, refused = tonumber(ARGV[4]), tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])

put('job:' .. job, table.concat({whole(now), ARGV[5], ARGV[6], ARGV[7], ARGV[8]}, ' '))
if need > 0 then put('ask:' .. job .. ':' .. worker, whole(now)) end

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
put('limit', limit)
put('conf', conf)
if h.override then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, 30 * 86400000) end

-- What was answered. Good answers end a halt that was repeated.
local halt, free = get('halt'), second / 4 + delay
if made > 0 then
  local lat, usual = get('lat'), get('usual')
  lat = lat > 0 and lat + math.min(1, made / 30) * (latency - lat) or latency
  usual = usual > 0 and usual + math.min(1, made / 1000) * (latency - usual) or latency
  put('lat', lat)
  put('usual', usual)
  put('held', lat > 2 * usual + 50000 and '1' or '0')
end
local fresh = tonumber(ARGV[13])
if fresh > 0 then
  resume()
  if below() then
    if now > get('cut') + get('lat') then put('calm', get('calm') + fresh) end
  else put('calm', get('calm') + 0.1 * fresh) end
end
if conf == 0 and (get('tamed') == 0 or now < get('cut')) then mark(now - free, free, made) end
if refused > 0 then
  if conf > 0 or get('found') > 0 then mark(now - get('lat') - tenth, tenth, -refused) end
  put('acc', math.max(0, get('acc') - refused))
  put('owed', math.min(math.max(2.5, get('rate') / 12), get('owed') + refused))
end

-- doubtful tells whether more is refused than usual, though not so much that it shows a limit.
local function doubtful()
  local among = get('rate') * (now - get('first')) / second + 1
  local expected = stray() * among
  return expected > 0 and get('judged') < 2 and get('n') > 1.5 + expected + math.sqrt(expected)
end

-- The rate. It begins low and doubles while all is well, up to just under what the API is known to accept; from there it
-- feels its way up from time to time.
local found, rate, tat = get('found'), get('rate'), h.tat and get('tat') or now
local under = math.min(0.98 * found, math.max(found - 0.25, 0.5 * found))
local ticked = get('ticked')
if need > 0 and now - ticked > 10 * second then -- begin
  rate = math.max(conf > 0 and 10 or 100, found / 2)
  if conf == 0 and found == 0 then put('tamed', 2) end -- no rate: it is felt for, too, up to one that no limit is expected above
  put('tries', 0)
  put('probe', now + 3 * second)
elseif need > 0 and now > halt then
  local dt, sent = math.min(now - ticked, second / 2) / second, calls(now - second, now)
  local unit = math.max(0.5, (math.max(0, tat - now) + get('lat')) / second)
  local slow = math.max(unit, 5 / rate, get('long') / second)
  if get('streak') == 1 and get('lat') > 0 then rate = math.min(rate, math.max(3 / get('lat') * second, found / 4))
  elseif get('streak') > 1 then
    rate = math.min(rate, 2.5 / unit) -- nothing but 429s: one call at a time finds out
  elseif now < get('hold') or sent + 3 < 0.35 * rate or h.held == '1' then
    put('probe', math.max(now, get('probe')))
  elseif conf > 0 and rate >= math.max(conf, 10) then put('probe', math.max(now, get('probe')))
  elseif found == 0 or rate < math.min(0.955 * found, math.max(found - 0.31, 0.49 * found)) then
    rate = rate * 2 ^ (dt / unit)
    if h.tamed == '2' and rate > 1000 then put('tamed', 0) end
    if found > 0 then rate = math.min(rate, 0.96 * found, math.max(found - 0.3, 0.5 * found)) end
  elseif rate < under then
    rate = math.min(under, rate + 0.01 * found * dt)
  elseif get('owed') > 0 then
    put('probe', math.max(now, get('probe')))
  elseif now > get('probe') and not doubtful() then
    local t = (now - get('probe')) / second * 0.5 / slow
    rate = rate * (1 + math.min(0.4, 0.03 + 0.07 * t * t) * dt * 0.5 / slow)
    if rate > 1.05 * found then
      found = math.max(found, math.min(rate, conf > 0 and conf or rate) / 1.05)
      put('found', found)
      put('by', 'accepted')
      put('learnt', now)
      put('tries', 0)
    end
  end
end
if need > 0 then
  put('owed', math.max(0, get('owed') - math.max(0, now - ticked) / second / 30))
  put('ticked', now)
end
put('rate', rate)
if conf > 0 then rate = math.min(rate, conf) elseif get('tamed') == 0 then rate = 0 end
if need == 0 then keep() return {now, 0, 0, 0, 0} end
if now < halt then keep() return {now, 0, math.ceil(halt - now), 0, 0} end

-- A job with a rate of its own waits for its turn first.
local turn = now
if cap > 0 then
  local latest = now + math.max(second, second / cap)
  turn = math.max(get('cap:' .. job), now - 2 * second)
  if turn > latest then -- the cap was lower
    turn = latest
    put('cap:' .. job, whole(turn))
  end
  if turn > now then keep() return {now, 0, math.ceil(turn - now), 0, 0} end
  need = math.min(need, math.max(1, math.floor(cap)))
end
if rate == 0 then
  if cap == 0 then keep() return {now, -1, 0, 0, math.floor(free)} end
  put('cap:' .. job, whole(turn + need * second / cap))
  keep()
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

-- Nothing is reserved farther ahead than two seconds; at the start, when answers are waited for, half of one.
local ahead = 2 * second
if found == 0 and rate < conf then ahead = second / 2 end
tat = math.max(tat, now - math.max(0, lapse / 4 - interval))
if delay > lapse / 4 then tat = math.max(tat, now + delay - lapse / 4) end -- else the slots would lapse before the reply is there
if tat > now + 4 * second + interval then tat = now + 2 * second end -- the rate was raised, or the clock was set
if tat > now + ahead then keep() return {now, 0, math.ceil(tat - now - ahead / 2), 0, 0} end
local span = math.ceil(n * interval)
put('tat', whole(tat + span))
mark(tat, span, n)
put('acc', get('acc') + n)
put('gap', get('gap') + n)
put('owed', math.max(0, get('owed') - (0.0055 + stray()) * n))
if cap > 0 then put('cap:' .. job, whole(turn + n * second / cap)) end
keep()
return {now, n, math.ceil(tat - now), span, math.floor(lapse)}
