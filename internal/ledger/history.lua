-- Before the scripts that ask whether the server's history is the one in which the job's record was kept. A server that is promoted, or that
-- starts on whatever data, begins a history of its own: what the one before had confirmed may be missing (I10).

-- clock is the server's, in ms.
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- turn begins a new generation of the job when the history has changed: until it is settled, no batch is opened. Where INFO is not allowed
-- nothing is known.
local function turn(job)
  local info = redis.pcall('INFO', 'replication')
  local id = type(info) == 'string' and string.match(info, 'master_replid:(%w+)')
  if not id then return end
  local known = redis.call('HGET', job, 'history')
  if known == id or not known and redis.call('EXISTS', job) == 0 then return end
  redis.call('HSET', job, 'history', id)
  if known then
    redis.call('HSET', job, 'turned', string.format('%d', clock()), 'reported', ' ')
    redis.call('HINCRBY', job, 'generation', 1)
  end
end

-- rollback adds to what is known of what was lost at the turn to this generation.
local function rollback(job, worker, writes, batches, missing)
  local name = 'rollback:' .. (redis.call('HGET', job, 'generation') or '0')
  local at, w, b, m, who = string.match(redis.call('HGET', job, name) or '', '^(%d+):(%d+):(%d+):(%d+):(.*)$')
  redis.call('HSET', job, name, string.format('%d:%d:%d:%d:%s', tonumber(at or clock()), tonumber(w or 0) + writes,
    tonumber(b or 0) + batches, tonumber(m or 0) + missing, who or worker))
end
