-- Settles, renews, reaps and fetches for one member.
-- ARGV: group, now, member, lease, most entries, most suspects, most bytes, visibility, ordered (1), recover (1), how many
-- routes, the routes, how many settlements, each (verdict, work, token, then what its verdict needs), and with recover
-- pairs of work and token.
-- Answers: settled (a letter each), more, member lost (1; 2: there is no such group), due, lane, epoch, lane free, position, deliveries. A delivery is
-- work, token, the entry's fields, and unless it is fresh, entry and progress.
local member, lease = ARGV[3], tonumber(ARGV[4])
local max_entries, max_suspects, max_bytes = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local visibility, in_order, recovering = tonumber(ARGV[8]), ARGV[9] == '1', ARGV[10] == '1'
local argument = 11
local function next_argument()
  argument = argument + 1
  return ARGV[argument - 1]
end

local routes = {}
for i = 1, tonumber(next_argument()) do routes[i] = next_argument() end

local state = call('HMGET', k_group, 'cursor', 'tokens', 'lane', 'epoch', 'replay_after', 'replay_until', 'passed', 'lost')
local exists = state[1]
local cursor, tokens, lane, epoch = state[1], tonumber(state[2] or 0), state[3], tonumber(state[4] or 0)
local replay_after, replay_until, passed, lost = state[5], state[6], tonumber(state[7] or 0), tonumber(state[8] or 0)

-- Settlements --------------------------------------------------------------------------------------------------------

local rings = false

local function read_progress(r)
  r.attempts, r.stalls, r.generation = tonumber(next_argument()), tonumber(next_argument()), tonumber(next_argument())
  r.suspect, r.started = next_argument() == '1', next_argument() == '1'
  r.due, r.route, r.note = next_argument(), next_argument(), next_argument()
  return r
end

local function bury(work, r, progress, reason)
  local fields, origin = event_of(work)
  if fields then
    local copy = copy_of(fields)
    for _, text in ipairs({'entry', origin, 'reason', reason, 'died', whole(now), 'attempts', whole(progress.attempts),
      'stalls', whole(progress.stalls), 'generation', whole(progress.generation), 'suspect', progress.suspect and '1' or '0',
      'started', progress.started and '1' or '0', 'due', progress.due, 'route', progress.route, 'note', progress.note}) do
      copy[#copy + 1] = text
    end
    call('XADD', k_letters, '0-*', unpack(copy))
  else
    lost = lost + 1
  end
  remove(work, r)
end

local function settle_one(verdict, work, token)
  local progress, reason
  if verdict == 'p' or verdict == 'h' or verdict == 'd' or verdict == 'e' then progress = read_progress({}) end
  if verdict == 'd' then reason = next_argument() end
  local r = exists and find(work)
  if not r then return 'g' end
  local owner = r.owner == member and r.token == token
  if verdict == 'a' and (owner or not in_order) then
    remove(work, r)
    return 'd'
  end
  if not owner then return 's' end
  if verdict == 'p' then
    for name, value in pairs(progress) do r[name] = value end
    park(work, r)
  elseif verdict == 'h' then
    if progress.attempts < r.attempts or progress.stalls < r.stalls then return 's' end
    for name, value in pairs(progress) do r[name] = value end
    touch(work, r)
  elseif verdict == 'd' then
    bury(work, r, progress, reason)
  elseif verdict == 'r' then
    r.started = false
    park(work, r)
  elseif verdict == 'e' then
    r.deadline = tonumber(progress.due)
    touch(work, r)
  end
  return 'd'
end

-- How many arguments a settlement has.
local length = {a = 3, r = 3, p = 11, h = 11, e = 11, d = 12}

local settlements = tonumber(next_argument())
local settled = {}
if exists and settlements > 0 then
  local names, i = {}, argument
  for n = 1, settlements do
    names[n] = ARGV[i + 1]
    i = i + length[ARGV[i]]
  end
  load(names)
end
for n = 1, settlements do
  local verdict, work, token = next_argument(), next_argument(), tonumber(next_argument())
  if verdict == 'p' or verdict == 'r' then rings = true end
  settled[n] = settle_one(verdict, work, token)
end
settled = table.concat(settled)
if not exists then return {settled, 0, 2, '', 0, 0, '', '0-0', {}} end
flush()

-- The member and its peers -------------------------------------------------------------------------------------------

local leases = {}
do
  local flat = call('HGETALL', k_members)
  for i = 1, #flat, 2 do leases[flat[i]] = cmsgpack.unpack(flat[i + 1]) end
end
local member_lost = leases[member] == nil
if not member_lost and lease > 0 and leases[member] - now < lease - math.floor(lease / 3) then
  local blob = call('HGET', k_members, member)
  leases[member] = now + lease
  call('HSET', k_members, member, cmsgpack.pack(now + lease, select(2, cmsgpack.unpack(blob))))
end

local function reap()
  while true do
    local ended = call('ZRANGEBYSCORE', k_deadlines, '-inf', now, 'LIMIT', 0, 500)
    if #ended == 0 then break end
    load(ended)
    for _, work in ipairs(ended) do
      local r = find(work)
      if r then
        orphan(work, r)
      else
        call('ZREM', k_deadlines, work)
      end
    end
    flush()
    rings = true
  end
  for name, lease_until in pairs(leases) do
    if lease_until <= now and name ~= member then
      each_owned_by(name, function(work, r)
        if r.deadline == 0 then orphan(work, r) end
        return false
      end)
      flush()
      unlist(name)
      if lane == name then lane = false end
      rings = true
    end
  end
end
reap()

local function finish(answer)
  if not rings and lane and lane ~= member and string.find(settled, 'd', 1, true) then rings = true end
  if rings then ring() end
  return answer
end
if member_lost then return finish({settled, 0, 1, '', 0, 0, '', '0-0', {}}) end

-- Handing out --------------------------------------------------------------------------------------------------------

local deliveries, bytes, given, suspects, more = {}, 0, 0, 0, false
local passes_left = 10000

local function full() return given >= max_entries or (bytes >= max_bytes and #deliveries > 0) end

local function matches(asked, route)
  if asked == route or asked == '*' then return true end
  return string.sub(asked, -2) == '/*' and string.sub(route, 1, #asked - 1) == string.sub(asked, 1, -2)
end
local known_routes = {}
local function takes(route)
  if route == '' then return true end
  local answer = known_routes[route]
  if answer ~= nil then return answer end
  answer = false
  for _, asked in ipairs(routes) do
    if string.byte(asked) == 33 then
      if matches(string.sub(asked, 2), route) then
        answer = false
        break
      end
    elseif matches(asked, route) then
      answer = true
    end
  end
  known_routes[route] = answer
  return answer
end

local function next_deadline() return visibility > 0 and now + visibility or 0 end

local function deliver_fresh(work, r, fields)
  tokens = tokens + 1
  own(work, r, member, tokens, next_deadline())
  bytes = bytes + size_of(fields)
  deliveries[#deliveries + 1] = {work, tokens, fields}
end

-- Hands out work that was pending before. False when its entry is gone, and the work with it.
local function deliver(work, r)
  local fields, origin = event_of(work)
  if not fields then
    remove(work, r)
    lost = lost + 1
    return false
  end
  tokens = tokens + 1
  own(work, r, member, tokens, next_deadline())
  bytes = bytes + size_of(fields)
  deliveries[#deliveries + 1] = {work, tokens, fields, origin, {r.attempts, r.stalls, r.generation, r.suspect and 1 or 0,
    r.started and 1 or 0, r.due, r.route, r.note}}
  return true
end

local function recover()
  local known = {}
  while argument < #ARGV do
    local work = next_argument()
    known[work .. '#' .. next_argument()] = true
  end
  each_owned_by(member, function(work, r)
    if not known[work .. '#' .. whole(r.token)] then deliver(work, r) end
    return false
  end)
end

-- Parked work ---------------------------------------------------------------------------------

-- What is due of the routes asked for, earliest first, one more than can be handed out; and when the next is due.
local candidates, next_candidate, due = {}, 1, nil
local function section_at(name)
  local length_of_route = string.byte(name, 2)
  return string.sub(name, 1, 2 + length_of_route), string.sub(name, 3, 2 + length_of_route), string.byte(name) == 49
end
local function split(name, prefix)
  local rest = string.sub(name, #prefix + 1)
  local n = string.byte(rest) - 96
  return tonumber(string.sub(rest, 2, n + 1)), string.sub(rest, n + 2)
end
-- Notes when the first work of a section that is not due yet becomes due.
local function note_next(prefix, side_only)
  local from = '[' .. prefix .. due_text(now + 1)
  while true do
    local names = call('ZRANGEBYLEX', k_ready, from, '(' .. prefix .. '\255', 'LIMIT', 0, side_only and 100 or 1)
    for _, name in ipairs(names) do
      local when, work = split(name, prefix)
      if not side_only or is_side(work) then
        if not due or when < due then due = when end
        return
      end
      from = '(' .. name
    end
    if #names == 0 then return end
  end
end
local function gather(prefix, suspect, limit, side_only)
  local from, until_now, taken = '[' .. prefix, '(' .. prefix .. due_text(now + 1), 0
  while taken < limit do
    local names = call('ZRANGEBYLEX', k_ready, from, until_now, 'LIMIT', 0, limit - taken)
    for _, name in ipairs(names) do
      local when, work = split(name, prefix)
      if not side_only or is_side(work) then
        candidates[#candidates + 1] = {when, work, suspect}
        taken = taken + 1
      end
      from = '(' .. name
    end
    if #names == 0 then break end
  end
  note_next(prefix, side_only)
end
local function find_parked(side_only)
  flush()
  local from = '-'
  while true do
    local name = call('ZRANGEBYLEX', k_ready, from, '+', 'LIMIT', 0, 1)[1]
    if not name then break end
    local prefix, route, suspect = section_at(name)
    if takes(route) then
      local limit = max_entries + 1
      if suspect then limit = math.min(limit, max_suspects == 0 and 0 or max_suspects + 1) end
      gather(prefix, suspect, limit, side_only)
    end
    from = '[' .. prefix .. '\255'
  end
  table.sort(candidates, function(a, b)
    if a[1] ~= b[1] then return a[1] < b[1] end
    return a[2] < b[2]
  end)
  local names = {}
  for i, candidate in ipairs(candidates) do names[i] = candidate[2] end
  load(names)
end

local function give_due(quota)
  local number = 0
  while next_candidate <= #candidates and number < quota and not full() do
    local _, work, suspect = unpack(candidates[next_candidate])
    next_candidate = next_candidate + 1
    local r = find(work)
    if r and r.owner == '' then
      if suspect and suspects >= max_suspects then
        more = true
      else
        if suspect then r.started = true end
        if deliver(work, r) then
          if suspect then suspects = suspects + 1 end
          number = number + 1
          given = given + 1
        end
      end
    end
  end
end

-- All that is pending in the log and that nobody holds, in the order of ids. True when new entries may follow.
local function give_in_order()
  flush()
  local others = tonumber(call('HLEN', k_held)) - call('HEXISTS', k_held, member)
  if others == 0 and call('ZCARD', k_ready) == 0 then return true end
  local held_by_others, stopped = false, false
  each_pending('[a', function(work, r)
    if not takes(r.route) then return false end
    if r.owner ~= '' then
      held_by_others = held_by_others or r.owner ~= member
      return false
    end
    local may = not r.suspect or (#deliveries == 0 and max_suspects > 0)
    if full() or not may or suspects > 0 then
      more = full() or not r.suspect or max_suspects > 0
      stopped = true
      return true
    end
    local suspect = r.suspect
    if suspect then r.started = true end
    if deliver(work, r) then
      if suspect then suspects = suspects + 1 end
      given = given + 1
    end
    return false
  end)
  return not stopped and not held_by_others
end

-- Entries of the log --------------------------------------------------------------------------

-- Passes one entry: hands it out, parks it for others, or skips it.
local function pass_entry(id, fields, replayed)
  local where = place(id)
  local route = type_of(fields)
  local skipped = (route and not declares(route, where)) or (replayed and find(where))
  if skipped then
    passes_left = passes_left - 1
    return
  end
  local work, r = where, nil
  if replayed then
    work, r = put_aside(fields, id, route or '')
  else
    r = put(work, route or '')
  end
  if route and not takes(route) then
    passes_left = passes_left - 1
    rings = true
    return
  end
  if replayed then
    deliver(work, r)
  else
    deliver_fresh(work, r, fields)
  end
  given = given + 1
end

-- How many entries to read at once: few until their size is known, so that an answer stays near its limit.
local seen_entries = 0
local function portion()
  local room = math.min(max_entries - given, 1000)
  if seen_entries == 0 then return math.min(room, 16) end
  local average = math.max(1, bytes / math.max(1, #deliveries))
  return math.max(1, math.min(room, math.ceil((max_bytes - bytes) / average)))
end

local function give_replay()
  if not replay_after then return end
  local ended = false
  while not ended and not full() and passes_left > 0 do
    local list = call('XRANGE', S, '(' .. replay_after, replay_until, 'COUNT', portion())
    if #list == 0 then ended = true end
    for _, entry in ipairs(list) do
      if full() or passes_left == 0 then break end
      replay_after = entry[1]
      seen_entries = seen_entries + 1
      pass_entry(entry[1], entry[2], true)
    end
  end
  if not ended then ended = #call('XRANGE', S, '(' .. replay_after, replay_until, 'COUNT', 1) == 0 end
  if ended then
    replay_after = false
    call('HDEL', k_group, 'replay_after', 'replay_until')
  else
    more = true
    call('HSET', k_group, 'replay_after', replay_after)
  end
end

local function would_take(entry)
  local route = type_of(entry[2])
  return not route or (takes(route) and declares(route, place(entry[1])))
end

-- Whether another entry could be handed out, without passing any: what was read and not passed first, then the log.
local function look_ahead(left, first)
  local looks = 0
  local function look(entry)
    looks = looks + 1
    if looks == 64 or would_take(entry) then more = true end
  end
  local at = cursor
  while not more and first <= #left do
    look(left[first])
    at = left[first][1]
    first = first + 1
  end
  for _, count in ipairs({1, 63}) do
    if more then return end
    local list = call('XRANGE', S, '(' .. at, '+', 'COUNT', count)
    for _, entry in ipairs(list) do
      if more then return end
      look(entry)
      at = entry[1]
    end
    if #list < count then return end
  end
end

local largest_id = '18446744073709551615-18446744073709551615'
local function give_new()
  if cursor == largest_id then return end
  local list, n = {}, 1
  while not full() and passes_left > 0 do
    local count = portion() + 1
    list, n = call('XRANGE', S, '(' .. cursor, '+', 'COUNT', count), 1
    while n <= #list and not full() and passes_left > 0 do
      local entry = list[n]
      cursor = entry[1]
      passed = passed + 1
      seen_entries = seen_entries + 1
      n = n + 1
      pass_entry(entry[1], entry[2], false)
    end
    if n > #list and #list < count then return end
  end
  if passes_left == 0 and (n <= #list or #call('XRANGE', S, '(' .. cursor, '+', 'COUNT', 1) > 0) then more = true end
  look_ahead(list, n)
end

-- The step -----------------------------------------------------------------------------------------------------------

local has_lane, lane_free = false, ''
if in_order then
  if not lane or not leases[lane] then
    lane, epoch = member, epoch + 1
    call('HSET', k_group, 'lane', member, 'epoch', epoch)
  end
  has_lane = lane == member
  if not has_lane then lane_free = whole(leases[lane]) end
end

local tokens_before, lost_before = tokens, lost
if recovering and (not in_order or has_lane) then recover() end
if not in_order then
  find_parked(false)
  give_due(math.max(1, math.floor(max_entries / 2)))
  give_replay()
  give_new()
  give_due(max_entries)
elseif has_lane then
  local caught_up = give_in_order()
  find_parked(true)
  if suspects == 0 then
    give_due(math.max(1, math.floor(max_entries / 2)))
    give_replay()
    if caught_up then give_new() end
    give_due(max_entries)
  end
end
flush()
if next_candidate <= #candidates then more = true end
if not in_order or has_lane then
  local first = call('ZRANGE', k_deadlines, 0, 0, 'WITHSCORES')[2]
  if first and (not due or tonumber(first) < due) then due = tonumber(first) end
end

local changes = {}
local function change(name, value)
  changes[#changes + 1] = name
  changes[#changes + 1] = value
end
if tokens ~= tokens_before then change('tokens', whole(tokens)) end
if cursor ~= exists then
  change('cursor', cursor)
  change('passed', whole(passed))
end
if lost ~= tonumber(state[8] or 0) then change('lost', whole(lost)) end
local done = position(cursor)
if done ~= call('HGET', k_group, 'shown') then
  change('shown', done)
  show_position(done)
end
if #changes > 0 then call('HSET', k_group, unpack(changes)) end
return finish({settled, more and 1 or 0, 0, due and whole(due) or '', has_lane and 1 or 0, in_order and epoch or 0,
  lane_free, done, deliveries})
