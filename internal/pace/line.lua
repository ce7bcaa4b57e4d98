-- What lease.lua and throttle.lua share: this stands before both. KEYS: pace
-- The line of slots, in counts by tenths of a second: of calls that were accepted or are still to be answered.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local second, tenth, key = 1000000, 100000, KEYS[1]
local h, changed, all = {}, {}, redis.call('HGETALL', key)
for i = 1, #all, 2 do h[all[i]] = all[i + 1] end

local function whole(n) return string.format('%.0f', n) end
local function get(field) return tonumber(h[field] or '0') end
local function put(field, value)
  if type(value) == 'number' then value = string.format('%.17g', value) end
  if h[field] ~= value then h[field], changed[field] = value, value end
end

local line, from, last = {}, math.floor((now - 2.5 * second) / tenth), 0
for at, n in string.gmatch(h.line or '', '(%d+)=(%S+)') do
  at = tonumber(at)
  if at >= from then line[at], last = tonumber(n), math.max(last, at) end
end

-- calls counts those of a time.
local function calls(start, stop)
  local n = 0
  for at = math.max(from, math.floor(start / tenth)), math.min(last, math.floor(stop / tenth)) do
    local part = math.min(stop, (at + 1) * tenth) - math.max(start, at * tenth)
    n = n + (line[at] or 0) * math.max(0, part) / tenth
  end
  return n
end

-- mark adds n calls, evenly over a time.
local function mark(start, span, n)
  span = math.max(span, 1)
  for at = math.floor(start / tenth), math.floor((start + span) / tenth) do
    local part = math.min(start + span, (at + 1) * tenth) - math.max(start, at * tenth)
    if part > 0 then line[at], last = math.max(0, (line[at] or 0) + n * part / span), math.max(last, at) end
  end
end

-- stray is the share of 429s that have nothing to do with the rate, 0 to 0.05: of the calls that were sent well below the limit
-- that was found, once there were five. It is taken a little too high, so that chance seldom cuts the rate. It is forgotten as
-- good answers come.
local function stray()
  local share = get('strays') >= 4.5 and math.min(0.05, (get('strays') + 2) / (get('calm') + 50)) or 0
  return share > 0.001 and share or 0
end

-- below tells whether the rate is well below the limit that was found. Low limits are found too high by up to half a call.
local function below()
  return get('found') > 0 and get('streak') == 0 and get('rate') < math.min(0.985 * get('found'), get('found') - 0.6)
end

-- resume notes a good answer to a call that was sent after a halt: it ends a row of halts, and says how long nothing was
-- accepted.
local function resume()
  if get('streak') > 1 then put('rate', math.max(get('rate'), h.found and 0.48 * get('found') or get('floor'))) end
  put('streak', 0)
  if get('stopped') > 0 then
    local long = now - get('stopped')
    put('long', long > 1.7 * second and long or 0)
    put('stopped', 0)
  end
end

-- keep writes all that was put.
local function keep()
  local text = {}
  for at = from, last do
    if (line[at] or 0) > 0 then text[#text + 1] = string.format('%d=%.4g', at, line[at]) end
  end
  put('line', table.concat(text, ' '))
  local fields = {}
  for field, value in pairs(changed) do
    fields[#fields + 1] = field
    fields[#fields + 1] = value
  end
  if #fields > 0 then redis.call('HSET', key, unpack(fields)) end
end
