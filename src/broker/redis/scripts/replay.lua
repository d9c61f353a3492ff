-- Begins a replay of the retained entries after an id, up to the cursor. ARGV: group, now, after. Answers their number.
local state = call('HMGET', k_group, 'cursor', 'replay_after')
if not state[1] then return redis.error_reply('NOTFOUND no such group') end
if state[2] then return redis.error_reply('REPLAYING an earlier replay runs') end
local number, from, cursor = 0, ARGV[3], state[1]
while place(from) < place(cursor) do
  local list = call('XRANGE', S, '(' .. from, cursor, 'COUNT', 1000)
  number = number + #list
  if #list < 1000 then break end
  from = list[#list][1]
end
if number > 0 then call('HSET', k_group, 'replay_after', ARGV[3], 'replay_until', cursor) end
ring()
return number
