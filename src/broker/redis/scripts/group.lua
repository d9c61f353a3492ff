-- Shared by the scripts of one group: its pending work and the indexes over it. A work is named by its place in the
-- log, or by `0` and its ordered number in the side stream, so that names sort as the contract wants.
--
-- Records are loaded once, changed here, and written back by `flush`; what looks at an index flushes first.
local group = ARGV[1]
local now = tonumber(ARGV[2])
local k_group, k_routes, k_members = key('group', group), key('routes', group), key('members', group)
local k_pending, k_order, k_ready = key('pending', group), key('order', group), key('ready', group)
local k_deadlines, k_held = key('deadlines', group), key('held', group)
local k_side, k_letters = key('side', group), key('dead-letter', group)

local works, dirty = {}, {}
local owned = {}  -- changes of how much each member holds

local function is_side(work) return string.byte(work) == 48 end
local function side_id(work) return '0-' .. string.sub(work, 3) end

-- The due index: suspects apart, by route, then by time, then by work.
local function due_text(due) return ordered(whole(math.max(0, tonumber(due)))) end
local function section(suspect, route) return (suspect and '1' or '0') .. string.char(#route) .. route end
local function ready_name(work, r) return section(r.suspect, r.route) .. due_text(r.due) .. work end

local function unpacked(work, blob)
  local r = {}
  r.owner, r.token, r.deadline, r.attempts, r.stalls, r.generation, r.suspect, r.started, r.due, r.route, r.note =
    cmsgpack.unpack(blob)
  r.stored, r.stored_owner, r.stored_deadline = true, r.owner, r.deadline
  if r.owner == '' then r.stored_ready = ready_name(work, r) end
  return r
end
local function packed(r)
  return cmsgpack.pack(r.owner, r.token, r.deadline, r.attempts, r.stalls, r.generation, r.suspect, r.started, r.due,
    r.route, r.note)
end

-- Loads what is not loaded yet.
local function load(names)
  local missing = {}
  for _, work in ipairs(names) do
    if works[work] == nil then
      works[work] = false
      missing[#missing + 1] = work
    end
  end
  for first = 1, #missing, 1200 do
    local last = math.min(first + 1199, #missing)
    local blobs = call('HMGET', k_pending, unpack(missing, first, last))
    for i = first, last do
      local blob = blobs[i - first + 1]
      if blob then works[missing[i]] = unpacked(missing[i], blob) end
    end
  end
end
local function find(work)
  if works[work] == nil then load({work}) end
  local r = works[work]
  if r and not r.gone then return r end
  return nil
end
local function touch(work, r)
  if not r.dirty then
    r.dirty = true
    dirty[#dirty + 1] = work
  end
end

local function put(work, route)
  local r = {owner = '', token = 0, deadline = 0, attempts = 0, stalls = 0, generation = 0, suspect = false,
    started = false, due = '0', route = route, note = '', stored_owner = '', stored_deadline = 0}
  works[work] = r
  touch(work, r)
  return r
end
local function own(work, r, member, token, deadline)
  r.owner, r.token, r.deadline = member, token, deadline
  touch(work, r)
end
local function park(work, r)
  r.owner, r.deadline = '', 0
  touch(work, r)
end
local function remove(work, r)
  r.gone = true
  touch(work, r)
end
-- What the end of its owner does to work.
local function orphan(work, r)
  if r.started then r.stalls = r.stalls + 1 end
  r.started, r.suspect, r.due = false, true, '0'
  park(work, r)
end

-- Removals go first: they are allowed when memory is short.
local function flush()
  local gone, unready, undue, sides = {}, {}, {}, {}
  local records, order, ready, deadlines = {}, {}, {}, {}
  for _, work in ipairs(dirty) do
    local r = works[work]
    r.dirty = false
    local owner = r.gone and '' or r.owner
    if owner ~= r.stored_owner then
      if r.stored_owner ~= '' then owned[r.stored_owner] = (owned[r.stored_owner] or 0) - 1 end
      if owner ~= '' then owned[owner] = (owned[owner] or 0) + 1 end
    end
    local name = not r.gone and r.owner == '' and ready_name(work, r) or nil
    if r.stored_ready and r.stored_ready ~= name then unready[#unready + 1] = r.stored_ready end
    local deadline = r.gone and 0 or r.deadline
    if r.stored_deadline ~= 0 and deadline == 0 then undue[#undue + 1] = work end
    if r.gone then
      if r.stored then gone[#gone + 1] = work end
      if is_side(work) then sides[#sides + 1] = side_id(work) end
    else
      records[#records + 1] = work
      records[#records + 1] = packed(r)
      if not r.stored then
        order[#order + 1] = 0
        order[#order + 1] = work
      end
      if name and r.stored_ready ~= name then
        ready[#ready + 1] = 0
        ready[#ready + 1] = name
      end
      if deadline ~= 0 and deadline ~= r.stored_deadline then
        deadlines[#deadlines + 1] = whole(deadline)
        deadlines[#deadlines + 1] = work
      end
    end
    r.stored, r.stored_owner, r.stored_ready, r.stored_deadline = not r.gone, owner, name, deadline
  end
  dirty = {}
  with_all('HDEL', k_pending, gone)
  with_all('ZREM', k_order, gone)
  with_all('XDEL', k_side, sides)
  with_all('ZREM', k_ready, unready)
  with_all('ZREM', k_deadlines, undue)
  with_all('HSET', k_pending, records)
  with_all('ZADD', k_order, order)
  with_all('ZADD', k_ready, ready)
  with_all('ZADD', k_deadlines, deadlines)
  for member, change in pairs(owned) do
    if change ~= 0 and call('HINCRBY', k_held, member, change) <= 0 then call('HDEL', k_held, member) end
  end
  owned = {}
end

-- The works of the log from a place on, or all: in their order, some at a time. `visit` returns true to stop.
local function each_pending(from, visit)
  local at = from
  while true do
    local names = call('ZRANGEBYLEX', k_order, at, '+', 'LIMIT', 0, 500)
    if #names == 0 then return end
    load(names)
    for _, work in ipairs(names) do
      local r = find(work)
      if r and visit(work, r) then return end
    end
    at = '(' .. names[#names]
  end
end
local function each_owned_by(member, visit)
  flush()
  local left = tonumber(call('HGET', k_held, member) or 0)
  if left == 0 then return end
  each_pending('-', function(work, r)
    if r.owner ~= member then return false end
    visit(work, r)
    left = left - 1
    return left == 0
  end)
end

-- Members: when the lease ends, and what they take.
local function unlist(member)
  call('HDEL', k_members, member)
  if call('HGET', k_group, 'lane') == member then call('HDEL', k_group, 'lane') end
  if call('HLEN', k_members) == 0 then call('HSET', k_group, 'deserted', whole(now)) end
end

-- Declared routes and since when, as places.
local declared
local function declares(route, where)
  if not declared then
    declared = {}
    local flat = call('HGETALL', k_routes)
    for i = 1, #flat, 2 do declared[flat[i]] = place(flat[i + 1]) end
  end
  local since, always = declared[route], declared['*']
  return (since and since < where) or (always and always < where) or false
end

-- The event of a work: its fields and the entry it is of; nothing when the entry is gone.
local function event_of(work)
  if is_side(work) then
    local id = side_id(work)
    local entry = call('XRANGE', k_side, id, id)[1]
    if not entry then return nil end
    local fields = entry[2]
    local origin = table.remove(fields)
    table.remove(fields)
    return fields, origin
  end
  local id = id_at(work)
  local entry = call('XRANGE', S, id, id)[1]
  if not entry then return nil end
  return entry[2], id
end

-- A copy of an entry's fields, to be stored once more. What no call can carry is kept as one text.
local function copy_of(fields)
  if #fields > 4000 then return {'foreign', cjson.encode(fields)} end
  return {unpack(fields)}
end

-- Work beside the log, parked, with a copy of its event.
local function put_aside(fields, origin, route)
  local copy = copy_of(fields)
  copy[#copy + 1] = 'entry'
  copy[#copy + 1] = origin
  local id = call('XADD', k_side, '0-*', unpack(copy))
  local work = '0' .. ordered(string.sub(id, 3))
  return work, put(work, route)
end

-- The place just before an id.
local function id_before(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  if seq ~= '0' then return ms .. '-' .. whole(tonumber(seq) - 1) end
  if ms == '0' then return '0-0' end
  return whole(tonumber(ms) - 1) .. '-18446744073709551615'
end
-- Up to which entry the group is done, given its cursor.
local function position(cursor)
  local first = call('ZRANGEBYLEX', k_order, '[a', '+', 'LIMIT', 0, 1)[1]
  if not first or first > place(cursor) then return cursor end
  return id_before(id_at(first))
end
-- The stream's own group of the same name stands where this one is done, so that programs that know nothing of ours see
-- it, and may take over without losing anything.
local function show_position(id)
  local done = redis.pcall('XGROUP', 'SETID', S, group, id)
  if type(done) == 'table' and done.err then redis.pcall('XGROUP', 'CREATE', S, group, id, 'MKSTREAM') end
end
