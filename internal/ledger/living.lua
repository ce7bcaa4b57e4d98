-- KEYS: alive    ARGV: patience (ms)
-- Returns worker and entry by turns, of every worker that shows signs of life; beat.lua has their form.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local living = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if now - tonumber(string.match(all[i + 1], '^%d+')) < tonumber(ARGV[1]) then
    living[#living + 1] = all[i]
    living[#living + 1] = all[i + 1]
  end
end
return living
