-- KEYS: stream    ARGV: row, where to begin, number of entries to look at
-- Returns the id of the last entry looked at, '' when it was the stream's last, then every chunk
-- whose rows may hold the row.
local entries = redis.call('XRANGE', KEYS[1], ARGV[2], '+', 'COUNT', ARGV[3])
local row, reply = tonumber(ARGV[1]), {''}
if #entries == tonumber(ARGV[3]) then reply[1] = entries[#entries][1] end
for _, entry in ipairs(entries) do
  local first, last = string.match(entry[2][4], '^(%d+)-(%d+)$')
  if tonumber(first) <= row and row <= tonumber(last) then reply[#reply + 1] = entry[2][2] end
end
return reply
