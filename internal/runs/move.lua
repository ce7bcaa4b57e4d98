-- KEYS: run    ARGV: wanted state (paused, running or cancelled), reason, event (JSON),
-- the step that may exceed its caps, from 1, or 0, kind of the pause
-- Returns '' when the run has moved, else the state that kept it, or 'missing'.
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return 'missing' end
local want = ARGV[1]
if state == 'finished' or state == 'cancelled' then return state end
if ARGV[4] ~= '0' then redis.call('HSET', KEYS[1], 'exceed', ARGV[4]) end
if state == want then return state end
local reason = want == 'running' and '' or ARGV[2]
redis.call('HSET', KEYS[1], 'state', want, 'reason', reason, 'pause', ARGV[5] .. ' ' .. reason)
redis.call('HSET', KEYS[1], 'event:' .. redis.call('HINCRBY', KEYS[1], 'events', 1), ARGV[3])
if want == 'cancelled' then
  local now = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'ended', now[1] * 1000 + math.floor(now[2] / 1000))
end
return ''
