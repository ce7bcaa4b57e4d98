-- KEYS: job    ARGV: wanted state (paused, running or cancelled), reason, now (ms), event (JSON)
-- Returns {moved, state before}. Resuming gives enqueuing or running, whichever the job is at,
-- and starts the count of failures again.
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return {0, 'missing'} end
local want = ARGV[1]
-- A pause by its window ends by itself, an operator's does not: the operator's reason takes its place.
if state == 'paused' and want == 'paused' and string.sub(redis.call('HGET', KEYS[1], 'reason') or '', 1, 19) == 'outside the window ' then
  redis.call('HSET', KEYS[1], 'reason', ARGV[2], 'event:' .. redis.call('HINCRBY', KEYS[1], 'events', 1), ARGV[4])
end
if state == 'finished' or state == 'cancelled' or state == want then return {0, state} end
if want == 'running' then
  if state ~= 'paused' then return {0, state} end
  if redis.call('HGET', KEYS[1], 'sealed') == '0' then want = 'enqueuing' end
  -- Who resumes a job whose canary failed has looked at it: the other rows may go on.
  if string.sub(redis.call('HGET', KEYS[1], 'reason') or '', 1, 8) == 'canary: ' and redis.call('HEXISTS', KEYS[1], 'canary_finished') == 1 then
    redis.call('HSET', KEYS[1], 'canary', '0')
  end
  for _, k in ipairs({'ok', 'noop', 'failed', 'in_doubt'}) do
    redis.call('HSET', KEYS[1], 'base_' .. k, redis.call('HGET', KEYS[1], k) or '0')
  end
end
local reason = ARGV[2]
if ARGV[1] == 'running' then reason = '' end
redis.call('HSET', KEYS[1], 'state', want, 'reason', reason)
redis.call('HSET', KEYS[1], 'event:' .. redis.call('HINCRBY', KEYS[1], 'events', 1), ARGV[4])
if want == 'cancelled' then redis.call('HSET', KEYS[1], 'finished', ARGV[3]) end
return {1, state}
