-- Makes the group when it is absent, declares routes, registers or renews the member. Answers with the cursor.
-- ARGV: group, now, member, lease, start (earliest, latest, after), after, how many routes, routes, labels.
local member, lease, start, after, routes = ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6], tonumber(ARGV[7])
local last = last_id()

-- A group that other programs made goes on where it stands, and what they had not acknowledged is handed out again.
local function foreign_group()
  if call('EXISTS', S) == 0 then return nil end
  for _, flat in ipairs(call('XINFO', 'GROUPS', S)) do
    if field(flat, 'name') == group then return field(flat, 'last-delivered-id') end
  end
  return nil
end
local function adopt_pending()
  local at = '-'
  while true do
    local list = call('XPENDING', S, group, at, '+', 500)
    if #list == 0 then break end
    for _, one in ipairs(list) do
      local entry = call('XRANGE', S, one[1], one[1])[1]
      if entry then put(place(one[1]), type_of(entry[2]) or '') end
    end
    at = '(' .. list[#list][1]
  end
  flush()
end

-- How many entries were ever added up to this one.
local function passed_at(cursor)
  local info = stream_info()
  if not info then return 0 end
  local after_it = #call('XRANGE', S, '(' .. cursor, '+', 'COUNT', 10000)
  return after_it < 10000 and info['entries-added'] - after_it or info['entries-added'] - info['length']
end

local created = call('EXISTS', k_group) == 0
local cursor
if created then
  local taken_over = foreign_group()
  cursor = taken_over or (start == 'latest' and last) or (start == 'after' and after) or '0-0'
  if not taken_over then call('XGROUP', 'CREATE', S, group, cursor, 'MKSTREAM') end
  local given = tonumber(call('HGET', key('stream'), 'tokens') or 0)
  local passed = 0
  if cursor ~= '18446744073709551615-18446744073709551615' and cursor ~= '0-0' then passed = passed_at(cursor) end
  if cursor == '0-0' then
    local info = stream_info()
    passed = info['entries-added'] - info['length']
  end
  call('HSET', k_group, 'cursor', cursor, 'passed', passed, 'tokens', whole(math.max(math.max(0, now) * 1000, given)))
  -- Entries that will come before such a cursor are never passed: the lag of the group cannot be had by counting.
  if place(cursor) > place(last_id()) then call('HSET', k_group, 'ahead', '1') end
  call('SADD', key('groups'), group)
  if taken_over then adopt_pending() end
else
  cursor = call('HGET', k_group, 'cursor')
end
for i = 8, 7 + routes do call('HSETNX', k_routes, ARGV[i], created and cursor or last) end
call('HSET', k_members, member, cmsgpack.pack(now + lease, unpack(ARGV, 8)))
ring()
return cursor
