-- ARGV: what the API asked to wait (µs; 0 = it did not say), jitter (0 to 1), how long ago the call was sent (µs), good answers
--       not yet told, and of them those to calls that were sent after the last halt
-- Returns how long all calls wait (µs). Workers that listen hear of a halt at once, the others at their next lease.
-- One 429 among good answers lowers the rate for a moment. Several show the limit: it is what was accepted in the second
-- before. Answers to calls that were sent before the last cut say nothing new. 429s that go on well below the limit that was
-- found are stray: they have nothing to do with the rate, and only more of them than usual show a limit.
local asked, sent, made = tonumber(ARGV[1]), math.max(now - tonumber(ARGV[3]), now - 1.4 * second), tonumber(ARGV[4])
local conf, found, rate, halt = get('conf'), get('found'), get('rate'), get('halt')
local free = conf == 0 and get('tamed') == 0 -- no limit so far
local least = conf > 0 and math.min(1, conf) or 1
if free then -- the other workers have not told either
  local workers = 0
  for field in pairs(h) do
    if string.sub(field, 1, 4) == 'ask:' then workers = workers + 1 end
  end
  mark(sent - second / 4, second / 4, made * math.max(1, workers))
  rate = math.max(10, calls(now - second, now))
elseif conf > 0 then rate = math.min(rate, conf) end
if not free then mark(sent, 1, -1) end
put('acc', math.max(0, get('acc') - 1))
put('at', now)
-- Good answers are reported late, 429s at once: where calls were sent after the first halt long enough ago, they were accepted.
local usual = 2 * math.max(tonumber(ARGV[3]), get('lat')) + tenth
if sent >= halt and (tonumber(ARGV[5]) > 0 or not free and get('streak') == 1 and calls(halt, now - usual) > 1.5) then resume() end

-- The 429s that came one upon the other since the last cut, or since there were no more than the stray ones.
local first, n, judged = get('first'), get('n') + 1, get('judged')
local streak, settled = get('streak'), sent >= get('cut')
if asked == 0 and settled and sent >= halt and below() then
  put('strays', get('strays') + 1)
  if get('strays') > 12 then
    put('strays', get('strays') / 2)
    put('calm', get('calm') / 2)
  end
end
local share = stray()
local expected = share * (rate * (sent - first) / second + 1)
if n == 1 or share == 0 and sent - get('latest') > second or n - 1 < expected or get('cut') > first and settled
  or streak > 0 and halt > first and sent >= halt then
  first, n, judged = sent, 1, 0
end
local among = rate * (sent - first) / second + 1
expected = share * among
local slot = rate < 12 and second / rate or 0 -- a call is counted over its slot, which is long at a low rate
local accepted = math.ceil(calls(sent - second + slot, sent + slot) - (slot > 0 and 0.2 or 0.5))

-- learn takes a limit for the API's. The more often it was found the same, the later it is tried again.
local function learn(limit, tries)
  limit = math.max(least, limit)
  put('found', limit)
  put('sure', limit)
  put('tamed', 1)
  put('by', '429')
  put('learnt', now)
  put('tries', tries)
  put('probe', now + math.max(math.min(20 * second, math.max(3 * second, 5 * asked) * 1.5 ^ tries), 2 * get('long')))
  put('rate', math.max(least, math.min(0.96 * limit, math.max(limit - 0.3, 0.5 * limit))))
  put('cut', math.max(now, get('tat')) + tenth) -- the slots leased before are still at the old rate
end

-- known tells how often a limit was found before.
local function known(limit)
  return found > 0 and math.abs(limit - found) < 0.08 * found and get('tries') + 1 or 0
end

local function owe() put('owed', math.min(math.max(2.5, rate / 12), get('owed') + 1)) end

-- since begins the count of what is accepted from one cut to the next; what came before it was mean.
local function since(mean)
  put('mean', mean)
  put('acc', 0)
  put('acced', sent)
end

local function limited()
  if free then -- it is felt for from half of what was accepted
    put('tamed', 1)
    put('rate', math.max(10, accepted / 2))
    put('floor', math.max(10, accepted / 4))
    put('hold', now + second)
    put('cut', now + second / 2)
  elseif streak == 0 and judged < 1 then
    local mean = get('acc') / math.max(second, sent - get('acced')) * second
    local again = found > 0 and sent - get('acced') < 4 * second
    if found > 0 and get('long') > 0 then accepted = math.min(accepted, mean)
    elseif found > 0 and asked == 0 and not again then accepted = math.min(accepted, math.max(mean, 0.85 * found)) -- a bucket let more through
    elseif again then
      if halt > sent - second then accepted = math.max(accepted, 0.75 * found, rate * (1 - n / among)) end
      accepted = math.min(accepted, math.max(get('mean'), math.max(0.5, 1 - 2 * n / among) * found))
    end
    if not again then since(mean) end
    if found == 0 then accepted = math.max(accepted, 0.25 * rate) end
    if n >= 0.2 * among then put('strays', math.max(0, get('strays') - n)) end -- they were of the limit
    put('floor', 0.5 * math.max(accepted, found))
    accepted = math.max(accepted, 0.5 * found)
    learn(accepted, known(accepted))
  elseif streak > 0 and settled and found > 0 then learn(math.max(get('floor'), math.min(accepted, found)), 0) end -- nothing is accepted since the halt
  if get('stopped') == 0 then put('stopped', first) end
  if settled or streak == 0 or sent >= halt then streak = streak + 1 end
  put('streak', streak)
  if asked == 0 then
    local backoff = math.min(60 * second, second / 4 * 1.7 ^ math.min(streak - 1, 12))
    asked = backoff / 2 + tonumber(ARGV[2]) * backoff / 2
  end
end

-- several tells whether so many 429s show a limit: more than the stray ones, and not by chance. One that says when to come
-- back halts all calls, so that few others follow it.
local function several()
  local few, doubling = 0, false
  if asked == 0 and not free then
    doubling = found == 0 and (conf == 0 or rate < conf) -- a limit that is there is passed far
    few = math.max(doubling and 1 or 0, math.min(4, math.floor((rate + 25) / 60)))
  end
  return (n >= 2 + few and n >= 0.2 * among or n >= 3 + few and n >= 0.03 * among and not doubling)
    and n > 1.5 + expected + 2 * math.sqrt(expected)
end

local function alone()
  if found > 0 and rate > 0.98 * found and rate < 1.1 * found then -- as was to be expected
    accepted = math.max(accepted, 0.99 * math.min(get('sure'), rate))
    local ahead, before = math.max(0, get('tat') - now), rate
    learn(accepted, known(accepted))
    put('tat', whole(now + ahead * before / get('rate'))) -- the slots leased before count at the new rate
    since(get('acc') / math.max(second, sent - get('acced')) * second)
    put('lones', 0)
    owe()
    judged = 1
    return
  end
  if not settled and slot > 0 then owe() end -- slots leased before the last cut still cost 429s
  local lone = sent - get('lone') < 8 * second and get('lones') + 1 or 1
  put('lone', sent)
  put('lones', lone)
  put('hold', now + second)
  if not free then put('rate', 0.97 * rate) end
  local ahead = calls(now, now + 10 * second) -- leased, but not made
  local gap = math.max(0, get('gap') - ahead)
  local gaps = gap + (h.gaps and get('gaps') or 1000)
  put('gap', asked > 0 and 0 or ahead)
  put('gaps', gap)
  if not free and lone > 2 and gaps < math.max(asked > 0 and 2.5 * rate or 0, 50) then -- three among so few calls: it was halts that kept them apart
    put('lones', 0)
    learn(math.max(accepted, (gaps < 1.25 * rate and 0.5 or 0.75) * rate), 0)
  elseif lone > 2 and lone < 6 and (found > 0 or rate == conf) then learn(0.97 * (found > 0 and found or rate), 0) end
end

local unbroken = streak > 0 and sent >= halt and calls(halt, sent) < 1.5 -- nothing is accepted since the halt
if judged < 2 and (unbroken or several()) then
  limited()
  judged = 2
elseif n == 1 and share == 0 then alone() end
if judged == 2 then owe() end
put('first', first)
put('latest', math.max(sent, get('latest')))
put('n', n)
put('judged', judged)

if asked > 0 and now + asked > halt then
  halt = now + asked
  put('acc', math.max(0, get('acc') - calls(now, now + 10 * second))) -- workers drop what they leased
  for at = math.floor(now / tenth) + 1, last do line[at] = 0 end
  put('halt', halt)
  redis.pcall('PUBLISH', key, whole(asked)) -- a user who may not publish does without: the next lease tells too
end
keep()
return math.max(0, math.ceil(halt - now))
