-- KEYS: job, open, finished, outcomes, attempts
-- ARGV: batch, fence, sequence number, dirty (0/1), done (0/1), progress, now (ms), release (0/1),
--       chunk of outcomes, its rows, chunk of attempts, its rows, number of counters, then counter and increment by turns, then field and value by turns (set once)
-- Returns {accepted, state, ok, noop, failed, in_doubt}, the counts being those since the last resume.
-- The whole commit is refused unless its fence is the newest (I3). One that was made already is
-- accepted and changes nothing: the Redis client sends a script again when its answer is lost.
-- A batch is fresh, its entry not dirty and without progress, until the commit before its first call,
-- which makes since its own time.
local entry = redis.call('HGET', KEYS[2], ARGV[1])
local fence, dirty, since, sequence, worker, progress
if entry then
  fence, dirty, since, sequence, worker, progress = string.match(entry, '^(%d+):(%d):(%d+):(%d+):([^:]*):(.*)$')
end
local state = redis.call('HGET', KEYS[1], 'state') or 'missing'
if fence ~= ARGV[2] then return {0, state, 0, 0, 0, 0} end
if sequence == ARGV[3] then return {1, state, 0, 0, 0, 0} end
local fresh = dirty == '0' and progress == ''

if ARGV[9] ~= '' then redis.call('XADD', KEYS[4], '*', 'c', ARGV[9], 'r', ARGV[10]) end
if ARGV[11] ~= '' then redis.call('XADD', KEYS[5], '*', 'c', ARGV[11], 'r', ARGV[12]) end
local last = 13 + 2 * tonumber(ARGV[13])
for i = 14, last, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
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
  redis.call('HSET', KEYS[2], ARGV[1], fence .. ':' .. ARGV[4] .. ':' .. since .. ':' .. ARGV[3] .. ':' .. worker .. ':' .. progress)
end

local counts = redis.call('HMGET', KEYS[1], 'ok', 'noop', 'failed', 'in_doubt', 'base_ok', 'base_noop', 'base_failed', 'base_in_doubt')
for i = 1, 8 do counts[i] = tonumber(counts[i] or '0') end
return {1, state, counts[1] - counts[5], counts[2] - counts[6], counts[3] - counts[7], counts[4] - counts[8]}
