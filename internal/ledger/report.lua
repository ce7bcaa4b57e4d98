-- KEYS: job, open, finished    ARGV: worker, writes that were confirmed to it and are lost, whether the report ends with this part (0/1),
-- then, by turns, batch, fence and sequence number of a batch that the worker has opened and that is not finished; fence is 0 when it does not have it now
-- Returns the generation that was reported to. Entries that lack something are marked (dirty is 2). One of a delivery that goes on gets a
-- fence beyond it: it keeps others out until the delivery's next commit is refused.
turn(KEYS[1])
local lost, marked = tonumber(ARGV[2]), 0
local job = redis.call('HMGET', KEYS[1], 'state', 'turned', 'history', 'created')
if not job[1] then return 0 end
if lost > 0 and not job[2] and not job[3] then -- only the workers can tell
  redis.call('HSET', KEYS[1], 'turned', string.format('%d', clock()), 'reported', ' ')
  redis.call('HINCRBY', KEYS[1], 'generation', 1)
end
for i = 4, #ARGV, 3 do
  local batch, mine, counted = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2]
  local f, since, seq, w, p = string.match(redis.call('HGET', KEYS[2], batch) or '', '^(%d+):%d:(%d+):(%d+):([^:]*):(.*)$')
  local fence = tonumber(f or '0')
  local same = f and fence == mine and w == ARGV[1]
  if redis.call('GETBIT', KEYS[3], batch) == 0 and not (same and seq == counted) then
    if mine == 0 and w == ARGV[1] then w = '' end -- its delivery has ended
    if mine > 0 and not same then fence, seq, w = math.max(fence, mine) + 1, '0', ARGV[1] end
    redis.call('HSET', KEYS[2], batch, fence .. ':2:' .. (since or job[4] or '0') .. ':' .. (seq or '0') .. ':' .. (w or '') .. ':' .. (p or ''))
    marked = marked + 1
  end
end
if lost > 0 or marked > 0 then rollback(KEYS[1], ARGV[1], lost, marked, 0) end
if ARGV[3] == '1' then
  local reported = redis.call('HGET', KEYS[1], 'reported') or ' '
  if not string.find(reported, ' ' .. ARGV[1] .. ' ', 1, true) then redis.call('HSET', KEYS[1], 'reported', reported .. ARGV[1] .. ' ') end
end
return tonumber(redis.call('HGET', KEYS[1], 'generation') or '0')
