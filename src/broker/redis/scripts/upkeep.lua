-- Makes delayed events visible, and trims. The groups of the stream take turns as the group of group.lua.
-- ARGV: now, slice, trim (1), bound of entries (0: none), min id (or empty), force (1), idle group, dead-letter cap,
-- dead-letter age. Answers: promoted, next delayed, trimmed, lost, dropped dead letters (names and numbers), more.
local now, slice, trim = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
local bound, min_id, force, idle = tonumber(ARGV[4]), ARGV[5], ARGV[6] == '1', tonumber(ARGV[7])
local letter_cap, letter_age = tonumber(ARGV[8]), tonumber(ARGV[9])
local k_delayed, k_events, k_seen, k_seen_ids = key('delayed'), key('delayed-events'), key('seen'), key('seen-ids')

-- Delayed events -----------------------------------------------------------------------------------------------------

local promoted = 0
local at = {ms = whole(math.max(0, now))}
for _, number in ipairs(call('ZRANGEBYSCORE', k_delayed, '-inf', now, 'LIMIT', 0, slice)) do
  local name = '0-' .. string.sub(number, 2)
  local entry = call('XRANGE', k_events, name, name)[1]
  if entry then
    local id = add_entry(at, unpack(entry[2]))
    local event_id = field(entry[2], 'id')
    if call('HGET', k_seen_ids, event_id) == '0-0' then call('HSET', k_seen_ids, event_id, id) end
    call('XDEL', k_events, name)
    promoted = promoted + 1
  end
  call('ZREM', k_delayed, number)
end
if promoted > 0 then ring() end
local next_delayed = call('ZRANGE', k_delayed, 0, 0, 'WITHSCORES')[2]
local more = next_delayed and tonumber(next_delayed) <= now or false
local budget = slice - promoted
local lost, dropped, trimmed = {}, {}, 0

-- Ids that may be published again ------------------------------------------------------------------------------------

local function forget_seen()
  local old = call('ZRANGEBYSCORE', k_seen, '-inf', now, 'LIMIT', 0, budget)
  with_all('ZREM', k_seen, old)
  with_all('HDEL', k_seen_ids, old)
end

-- What groups need ---------------------------------------------------------------------------------------------------

local groups = {}

-- When its last lease ended; nothing while a member lives, or when it never had one.
local function deserted_since(name)
  local flat = call('HGETALL', key('members', name))
  if #flat == 0 then return tonumber(call('HGET', key('group', name), 'deserted') or nil) end
  local last = 0
  for i = 2, #flat, 2 do last = math.max(last, (cmsgpack.unpack(flat[i]))) end
  return last <= now and last or nil
end

local function pins(name)
  if force then return false end
  local since = deserted_since(name)
  return not (idle > 0 and since and now - since >= idle)
end

local function add_group(name)
  local g = {name = name, key = key('group', name), lost = 0}
  g.cursor = call('HGET', g.key, 'cursor')
  g.place = place(g.cursor)
  g.passed = tonumber(call('HGET', g.key, 'passed') or 0)
  g.pins = pins(name)
  g.first = call('ZRANGEBYLEX', key('order', name), '[a', '+', 'LIMIT', 0, 1)[1]
  groups[#groups + 1] = g
end

-- The place up to which (exclusive) a group needs nothing.
local function needs_from(g)
  if g.first and g.first <= g.place then return g.first end
  return g.place .. 'a'
end

-- Groups of other programs keep what they have not acknowledged while somebody reads them.
local foreign_pin
local function pin_foreign(known)
  if force or call('EXISTS', S) == 0 then return end
  for _, flat in ipairs(call('XINFO', 'GROUPS', S)) do
    local name = field(flat, 'name')
    if not known[name] then
      local read = idle == 0
      for _, consumer in ipairs(call('XINFO', 'CONSUMERS', S, name)) do
        read = read or tonumber(field(consumer, 'idle')) < idle
      end
      if read then
        local from = place(field(flat, 'last-delivered-id')) .. 'a'
        local first = call('XPENDING', S, name, '-', '+', 1)[1]
        if first then from = place(first[1]) end
        if not foreign_pin or from < foreign_pin then foreign_pin = from end
      end
    end
  end
end

-- Trimming -----------------------------------------------------------------------------------------------------------

-- Takes an entry from a group that may still need it; counts the loss.
local function drop_needed(g, where, id, route)
  local waited = call('HGET', key('pending', g.name), where)
  if not waited and where <= g.place then return end
  if waited then
    local owner, _, deadline, _, _, _, suspect, _, due, work_route = cmsgpack.unpack(waited)
    call('HDEL', key('pending', g.name), where)
    call('ZREM', key('order', g.name), where)
    if deadline ~= 0 then call('ZREM', key('deadlines', g.name), where) end
    if owner ~= '' then
      if call('HINCRBY', key('held', g.name), owner, -1) <= 0 then call('HDEL', key('held', g.name), owner) end
    else
      call('ZREM', key('ready', g.name), (suspect and '1' or '0') .. string.char(#work_route) .. work_route ..
        ordered(whole(math.max(0, tonumber(due)))) .. where)
    end
  end
  local unseen = false
  if where > g.place then
    if not g.routes then
      g.routes = {}
      local flat = call('HGETALL', key('routes', g.name))
      for i = 1, #flat, 2 do g.routes[flat[i]] = place(flat[i + 1]) end
    end
    local since, always = g.routes[route or '*'], g.routes['*']
    unseen = not route or (since and since < where) or (always and always < where)
    g.cursor, g.place, g.passed, g.moved = id, where, g.passed + 1, true
  end
  if waited or unseen then g.lost = g.lost + 1 end
end

-- Whole nodes of what no group needs go at once; the server counts them.
local function trim_fast(length, limit_place)
  local need = limit_place
  for _, g in ipairs(groups) do
    local from = needs_from(g)
    if not need or from < need then need = from end
  end
  local function cut(below, most)
    if most <= 0 or not below then return 0 end
    return call('XTRIM', S, 'MINID', '~', below, 'LIMIT', whole(most))
  end
  local below = need and id_at((string.gsub(need, 'a$', ''))) or '18446744073709551615-18446744073709551615'
  local gone = 0
  if bound ~= 0 then gone = cut(below, math.min(budget, length - bound)) end
  if min_id ~= '' and budget - gone > 0 then
    gone = gone + cut(place(min_id) < place(below) and min_id or below, budget - gone)
  end
  return gone
end

local function trim_entries()
  if call('EXISTS', S) == 0 then return end
  local pin = foreign_pin
  for _, g in ipairs(groups) do
    local from = needs_from(g)
    if g.pins and (not pin or from < pin) then pin = from end
  end
  local length = call('XLEN', S)
  local gone = trim_fast(length, foreign_pin)
  length, trimmed, budget = length - gone, trimmed + gone, budget - gone
  local min_place = min_id ~= '' and place(min_id)
  local from, going, ended = '-', 0, false
  while not ended do
    local list = call('XRANGE', S, from, '+', 'COUNT', 100)
    ended = #list == 0
    for _, entry in ipairs(list) do
      local where = place(entry[1])
      local surplus = (min_place and where < min_place) or (bound ~= 0 and length > bound)
      if not surplus or (pin and where >= pin) then
        ended = true
        break
      end
      if budget == 0 then
        more, ended = true, true
        break
      end
      for _, g in ipairs(groups) do
        if not g.pins then drop_needed(g, where, entry[1], type_of(entry[2])) end
      end
      from = '(' .. entry[1]
      length, going, budget = length - 1, going + 1, budget - 1
    end
  end
  if going > 0 then call('XTRIM', S, 'MAXLEN', length) end
  trimmed = trimmed + going
  for _, g in ipairs(groups) do
    if g.moved then call('HSET', g.key, 'cursor', g.cursor, 'passed', whole(g.passed)) end
    if g.lost > 0 then
      call('HINCRBY', g.key, 'lost', g.lost)
      lost[#lost + 1] = g.name
      lost[#lost + 1] = g.lost
    end
  end
end

local function trim_letters()
  for _, g in ipairs(groups) do
    local name = key('dead-letter', g.name)
    local number = 0
    local excess = letter_cap ~= 0 and call('XLEN', name) - letter_cap or 0
    if excess > 0 then
      number = math.min(excess, budget)
      call('XTRIM', name, 'MAXLEN', call('XLEN', name) - number)
      budget = budget - number
      if number < excess then more = true end
    end
    while letter_age > 0 do
      local entry = call('XRANGE', name, '-', '+', 'COUNT', 1)[1]
      if not entry or now - tonumber(entry[2][#entry[2] - 16]) < letter_age then break end
      if budget == 0 then
        more = true
        break
      end
      call('XDEL', name, entry[1])
      number, budget = number + 1, budget - 1
    end
    if number > 0 then
      call('HINCRBY', g.key, 'dropped', number)
      dropped[#dropped + 1] = g.name
      dropped[#dropped + 1] = number
    end
  end
end

if trim then
  forget_seen()
  local names, known = call('SMEMBERS', key('groups')), {}
  table.sort(names)
  for _, name in ipairs(names) do
    known[name] = true
    if call('EXISTS', key('group', name)) == 1 then add_group(name) end
  end
  pin_foreign(known)
  trim_entries()
  trim_letters()
end
return {promoted, next_delayed or '', trimmed, lost, dropped, more and 1 or 0}
