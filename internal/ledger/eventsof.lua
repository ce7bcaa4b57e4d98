-- KEYS: events    ARGV: digest of a user, where to begin, number of events to look at
-- Returns the id of the last event looked at, '' when it was the stream's last, then id and event of those of the user by turns.
local entries = redis.call('XRANGE', KEYS[1], ARGV[2], '+', 'COUNT', ARGV[3])
local reply = {''}
if #entries == tonumber(ARGV[3]) then reply[1] = entries[#entries][1] end
for _, entry in ipairs(entries) do
  local users = entry[2][4] -- none in an event that an earlier release kept
  if users and string.find(users, ARGV[1], 1, true) then
    reply[#reply + 1] = entry[1]
    reply[#reply + 1] = entry[2][2]
  end
end
return reply
