-- KEYS: open, alive    ARGV: worker that asks, patience (ms)
-- Returns batch, fence and worker by turns, of every open batch whose worker gives no sign of life,
-- or is the one that asks: that one knows which batches it really has.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {}
local open = redis.call('HGETALL', KEYS[1])
for i = 1, #open, 2 do
  local fence, worker = string.match(open[i + 1], '^(%d+):%d:%d+:%d+:([^:]*):')
  local beat = tonumber(string.match(redis.call('HGET', KEYS[2], worker) or '0', '^%d+'))
  if worker ~= '' and (worker == ARGV[1] or now - beat >= tonumber(ARGV[2])) then
    found[#found + 1] = open[i]
    found[#found + 1] = fence
    found[#found + 1] = worker
  end
end
return found
