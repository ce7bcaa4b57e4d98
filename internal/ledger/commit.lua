-- KEYS: job, open, finished, outcomes, attempts
-- ARGV: batch, fence, sequence number, dirty (0/1), done (0/1), progress, now (ms), release (0/1), worker, since of the delivery (ms),
--       chunk of outcomes, its rows, chunk of attempts, its rows, number of counters, then counter and increment by turns, then field and value by turns (set once)
-- Returns {verdict, state, ok, noop, failed, in_doubt, confirmed}, the counts being those since the last resume, confirmed as open.lua has it; verdict is 1 accepted,
-- 0 refused: another delivery has the batch or has finished it, 2 refused: the record is behind what this delivery was confirmed.
-- The whole commit is refused unless its fence is the newest and it comes next in its sequence (I3). One that was made already is
-- accepted and changes nothing: the Redis client sends a script again when its answer is lost, and the first may come late.
-- A batch is fresh, its entry not dirty and without progress, until the commit before its first call,
-- which makes since its own time.
local entry = redis.call('HGET', KEYS[2], ARGV[1])
local fence, dirty, since, sequence, worker, progress
if entry then
  fence, dirty, since, sequence, worker, progress = string.match(entry, '^(%d+):(%d):(%d+):(%d+):([^:]*):(.*)$')
end
local state = redis.call('HGET', KEYS[1], 'state') or 'missing'
local function confirmed() return redis.call('HINCRBY', KEYS[1], 'confirmed:' .. ARGV[9], 1) end
local free = not fence or worker == '' or worker == ARGV[9]
if fence == ARGV[2] and free and tonumber(sequence) >= tonumber(ARGV[3]) then return {1, state, 0, 0, 0, 0, confirmed()} end

local function write(fence, dirty, since, sequence, worker, progress)
  redis.call('HSET', KEYS[2], ARGV[1], fence .. ':' .. dirty .. ':' .. since .. ':' .. sequence .. ':' .. worker .. ':' .. progress)
end

if fence ~= ARGV[2] or worker ~= ARGV[9] or tonumber(sequence) + 1 ~= tonumber(ARGV[3]) then
  if state == 'missing' or redis.call('GETBIT', KEYS[3], ARGV[1]) == 1 then return {0, state, 0, 0, 0, 0, 0} end
  if not fence then fence, since, sequence, worker, progress, free = '0', ARGV[10], '0', '', '', true end
  if tonumber(fence) > tonumber(ARGV[2]) and worker == ARGV[9] then -- its own report has set the batch aside, or a late repetition of its opening
    write(fence, dirty, since, sequence, '', progress)
    return {2, state, 0, 0, 0, 0, 0}
  end
  if tonumber(fence) > tonumber(ARGV[2]) then return {0, state, 0, 0, 0, 0, 0} end
  -- Redis has lost what it had confirmed of the batch (I10). What was lost may have been calls of any undone row: dirty is 2.
  if not free then -- and another has opened it since
    write(fence, '2', since, sequence, worker, progress)
    return {0, state, 0, 0, 0, 0, 0}
  end
  write(ARGV[2], '2', since, '0', '', progress)
  return {2, state, 0, 0, 0, 0, 0}
end
local fresh = dirty == '0' and progress == ''

if ARGV[11] ~= '' then redis.call('XADD', KEYS[4], '*', 'c', ARGV[11], 'r', ARGV[12]) end
if ARGV[13] ~= '' then redis.call('XADD', KEYS[5], '*', 'c', ARGV[13], 'r', ARGV[14]) end
local last = 15 + 2 * tonumber(ARGV[15])
for i = 16, last, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
for i = last + 1, #ARGV, 2 do redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) end

if ARGV[5] == '1' then
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('SETBIT', KEYS[3], ARGV[1], 1)
  local finished = redis.call('HINCRBY', KEYS[1], 'finished_batches', 1)
  if redis.call('HGET', KEYS[1], 'sealed') == '1' and finished == tonumber(redis.call('HGET', KEYS[1], 'batches'))
    and state ~= 'cancelled' then
    state = 'finished'
    redis.call('HSET', KEYS[1], 'state', state, 'finished', ARGV[7])
  end
else
  if ARGV[8] == '1' then worker = '' end
  progress = ARGV[6]
  if fresh and ARGV[4] == '1' then since = ARGV[7] elseif fresh then progress = '' end
  if dirty ~= '2' then dirty = ARGV[4] end
  write(fence, dirty, since, ARGV[3], worker, progress)
end

local counts = redis.call('HMGET', KEYS[1], 'ok', 'noop', 'failed', 'in_doubt', 'base_ok', 'base_noop', 'base_failed', 'base_in_doubt')
for i = 1, 8 do counts[i] = tonumber(counts[i] or '0') end
return {1, state, counts[1] - counts[5], counts[2] - counts[6], counts[3] - counts[7], counts[4] - counts[8], confirmed()}
