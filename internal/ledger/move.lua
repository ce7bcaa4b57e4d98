-- KEYS: job    ARGV: wanted state (paused, running or cancelled), reason, now (ms), event (JSON), kind of
-- the pause, and then jobs.OldReasons
-- Returns {moved, state before}. Resuming gives enqueuing or running, whichever the job is at,
-- and starts the count of failures again.
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return {0, 'missing'} end
local want = ARGV[1]

-- The kind of the pause that the job is in, as jobs.ReadPauseKind reads it.
local function kind()
  local f = redis.call('HMGET', KEYS[1], 'pause', 'reason')
  local pause, reason = f[1] or '', f[2] or ''
  local space = string.find(pause, ' ', 1, true)
  if space and string.sub(pause, space + 1) == reason then return string.sub(pause, 1, space - 1) end
  for i = 6, #ARGV, 2 do
    if string.sub(reason, 1, #ARGV[i]) == ARGV[i] then return ARGV[i + 1] end
  end
  return ''
end

local function note(reason)
  redis.call('HSET', KEYS[1], 'reason', reason, 'pause', ARGV[5] .. ' ' .. reason)
  redis.call('HSET', KEYS[1], 'event:' .. redis.call('HINCRBY', KEYS[1], 'events', 1), ARGV[4])
end

-- A pause by its window ends by itself, an operator's does not: the operator's takes its place.
if state == 'paused' and want == 'paused' and ARGV[5] ~= 'window' and kind() == 'window' then note(ARGV[2]) end
if state == 'finished' or state == 'cancelled' or state == want then return {0, state} end
if want == 'running' then
  if state ~= 'paused' then return {0, state} end
  if redis.call('HGET', KEYS[1], 'sealed') == '0' then want = 'enqueuing' end
  -- Who resumes a job whose canary failed has looked at it: the other rows may go on.
  if kind() == 'canary' and redis.call('HEXISTS', KEYS[1], 'canary_finished') == 1 then
    redis.call('HSET', KEYS[1], 'canary', '0')
  end
  for _, k in ipairs({'ok', 'noop', 'failed', 'in_doubt'}) do
    redis.call('HSET', KEYS[1], 'base_' .. k, redis.call('HGET', KEYS[1], k) or '0')
  end
end
redis.call('HSET', KEYS[1], 'state', want)
note(ARGV[1] == 'running' and '' or ARGV[2])
if want == 'cancelled' then redis.call('HSET', KEYS[1], 'finished', ARGV[3]) end
return {1, state}
