-- Where each group of the stream stands. ARGV: now.
-- Of each: name, cursor, lag, pending, dead letters, lost, dropped, lane, epoch, first pending, routes, members (name and
-- record), held, and the sections of waiting work: route, how many, how many of them later, first of an undeclared one.
local now = tonumber(ARGV[1])
local info = stream_info()
local names = call('SMEMBERS', key('groups'))
if not info and #names == 0 then return redis.error_reply('NOSTREAM no such stream') end
info = info or {length = 0, ['entries-added'] = 0, ['max-deleted-entry-id'] = '0-0', ['last-generated-id'] = '0-0'}

-- Retained entries after the cursor: by count when nothing was deleted there, else by looking at up to 10,000.
local function lag_of(cursor, passed, ahead)
  local where = place(cursor)
  if where >= place(info['last-generated-id']) then return 0 end
  local lag = math.min(info['entries-added'] - passed, info.length)
  if not ahead and place(info['max-deleted-entry-id']) <= where and lag >= 0 then return lag end
  return #call('XRANGE', S, '(' .. cursor, '+', 'COUNT', 10000)
end

local function sections_of(name, declared)
  local ready, list, from = key('ready', name), {}, '-'
  local unknown = {}
  while true do
    local first = call('ZRANGEBYLEX', ready, from, '+', 'LIMIT', 0, 1)[1]
    if not first then break end
    local prefix = string.sub(first, 1, 2 + string.byte(first, 2))
    local route = string.sub(prefix, 3)
    local behind = '(' .. prefix .. '\255'
    local waiting = call('ZLEXCOUNT', ready, '[' .. prefix, behind)
    local later = call('ZLEXCOUNT', ready, '[' .. prefix .. ordered(whole(math.max(0, now + 1))), behind)
    local section = {route, waiting, later, ''}
    list[#list + 1] = section
    if not declared[route] then unknown[#unknown + 1] = {section, prefix, behind} end
    from = '[' .. prefix .. '\255'
  end
  if #unknown > 1 then
    for _, one in ipairs(unknown) do
      local section, prefix, behind = unpack(one)
      for _, entry in ipairs(call('ZRANGEBYLEX', ready, '[' .. prefix, behind)) do
        local n = string.byte(entry, #prefix + 1) - 96
        local work = string.sub(entry, #prefix + n + 2)
        if section[4] == '' or work < section[4] then section[4] = work end
      end
    end
  end
  return list
end

local function our_group(name)
  local g = key('group', name)
  local state = call('HMGET', g, 'cursor', 'passed', 'lost', 'dropped', 'lane', 'epoch', 'ahead')
  if not state[1] then return nil end
  local routes, declared = call('HGETALL', key('routes', name)), {}
  for i = 1, #routes, 2 do declared[routes[i]] = true end
  local members, flat = {}, call('HGETALL', key('members', name))
  for i = 1, #flat, 2 do members[#members + 1] = {flat[i], cmsgpack.unpack(flat[i + 1])} end
  for _, one in ipairs(members) do one[2] = whole(one[2]) end
  local first = call('ZRANGEBYLEX', key('order', name), '[a', '+', 'LIMIT', 0, 1)[1]
  return {name, state[1], lag_of(state[1], tonumber(state[2] or 0), state[7]), call('HLEN', key('pending', name)),
    call('XLEN', key('dead-letter', name)), state[3] or '0', state[4] or '0', state[5] or '', state[6] or '0',
    first and id_at(first) or '', routes, members, call('HGETALL', key('held', name)), sections_of(name, declared)}
end

-- A group that other programs made: what the server knows of it.
local function foreign_group(flat)
  local name, cursor = field(flat, 'name'), field(flat, 'last-delivered-id')
  local lag = field(flat, 'lag')
  local first = call('XPENDING', S, name, '-', '+', 1)[1]
  local members, held = {}, {}
  for _, consumer in ipairs(call('XINFO', 'CONSUMERS', S, name)) do
    members[#members + 1] = {field(consumer, 'name'), whole(now)}
    held[#held + 1] = field(consumer, 'name')
    held[#held + 1] = whole(field(consumer, 'pending'))
  end
  return {name, cursor, lag or #call('XRANGE', S, '(' .. cursor, '+', 'COUNT', 10000), field(flat, 'pending'), 0, '0', '0',
    '', '0', first and first[1] or '', {}, members, held, {}}
end

local known, answer = {}, {}
for _, name in ipairs(names) do
  known[name] = true
  answer[#answer + 1] = our_group(name)
end
if call('EXISTS', S) == 1 then
  for _, flat in ipairs(call('XINFO', 'GROUPS', S)) do
    if not known[field(flat, 'name')] then answer[#answer + 1] = foreign_group(flat) end
  end
end
return answer
