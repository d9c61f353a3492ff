-- Takes a declared route from the group, and settles what waits for it. ARGV: group, now, route. Answers how many.
if call('EXISTS', k_group) == 0 then return redis.error_reply('NOTFOUND no such group') end
local route, number = ARGV[3], 0
call('HDEL', k_routes, route)
for _, suspect in ipairs({false, true}) do
  local prefix = section(suspect, route)
  for _, name in ipairs(call('ZRANGEBYLEX', k_ready, '[' .. prefix, '(' .. prefix .. '\255')) do
    local n = string.byte(name, #prefix + 1) - 96
    local work = string.sub(name, #prefix + n + 2)
    local r = find(work)
    if r then
      remove(work, r)
      number = number + 1
    end
  end
end
flush()
ring()
return number
