-- Moves dead letters to the side stream of their group. ARGV: group, now, numbers. Answers how many.
if call('EXISTS', k_group) == 0 then return redis.error_reply('NOTFOUND no such group') end
local moved = 0
for i = 3, #ARGV do
  local id = '0-' .. ARGV[i]
  local entry = call('XRANGE', k_letters, id, id)[1]
  if entry then
    local fields, own = entry[2], {}
    for _ = 1, 11 do
      local value, name = table.remove(fields), table.remove(fields)
      own[name] = value
    end
    local _, r = put_aside(fields, own.entry, own.route)
    r.generation = tonumber(own.generation) + 1
    r.due = ARGV[2]
    call('XDEL', k_letters, id)
    moved = moved + 1
  end
end
flush()
ring()
return moved
