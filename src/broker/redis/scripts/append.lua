-- Appends events: all or none. A full memory refuses the script before it begins.
-- ARGV: now, hard cap, window, and eleven of each event: eight fields, when it becomes visible (or empty), whether its id
-- was chosen (1), and after which entry to look for it (or empty). Answers with each id; `=` before it says that it was
-- stored before.
local now, cap, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local k_seen, k_seen_ids = key('seen'), key('seen-ids')

local function was_seen(id)
  local until_then = call('ZSCORE', k_seen, id)
  return until_then and tonumber(until_then) > now
end

local function remembered(i) return ARGV[i + 9] == '1' and was_seen(ARGV[i]) end

local function find_entry(id, after)
  while true do
    local page = call('XRANGE', S, '(' .. after, '+', 'COUNT', 1000)
    for _, entry in ipairs(page) do
      if field(entry[2], 'id') == id then return entry[1] end
    end
    if #page < 1000 then return nil end
    after = page[#page][1]
  end
end

-- Whether entries after this one are gone, so that nobody can tell what they were.
local function trimmed_after(id)
  local info = stream_info()
  if not info or info['entries-added'] <= info['length'] then return false end
  local first = info['first-entry']
  if not first then return true end
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return place(first[1]) > place(id) and first[1] ~= ms .. '-' .. whole(tonumber(seq) + 1)
end

local found = {}
for i = 4, #ARGV, 11 do
  local after = ARGV[i + 10]
  if after ~= '' and not remembered(i) then
    found[i] = find_entry(ARGV[i], after)
    if not found[i] and trimmed_after(after) then return redis.error_reply('CANNOTTELL ' .. whole((i - 4) / 11)) end
  end
end

if cap > 0 then
  local length = call('XLEN', S) + call('ZCARD', key('delayed'))
  local fresh, chosen = 0, {}
  for i = 4, #ARGV, 11 do
    if found[i] or remembered(i) then
      -- takes no room
    elseif ARGV[i + 9] ~= '1' then
      fresh = fresh + 1
    elseif not chosen[ARGV[i]] then
      fresh = fresh + 1
      chosen[ARGV[i]] = true
    end
  end
  if length + fresh > cap then return redis.error_reply('FULL ' .. length) end
end

local at = {ms = whole(math.max(0, now))}
local function store(i, how, where)
  return how(where, 'id', ARGV[i], 'stream', S, 'type', ARGV[i + 1], 'version', ARGV[i + 2], 'timestamp', ARGV[i + 3],
    'correlation_id', ARGV[i + 4], 'user_id', ARGV[i + 5], 'data', ARGV[i + 6], 'metadata', ARGV[i + 7])
end
local function delay(due, ...)
  local id = call('XADD', key('delayed-events'), '0-*', ...)
  call('ZADD', key('delayed'), due, ordered(string.sub(id, 3)))
  return '0-0'
end

local ids = {}
for i = 4, #ARGV, 11 do
  local chosen = ARGV[i + 9] == '1'
  if remembered(i) then
    ids[#ids + 1] = '=' .. call('HGET', k_seen_ids, ARGV[i])
  elseif found[i] then
    ids[#ids + 1] = '=' .. found[i]
  else
    local due = ARGV[i + 8]
    local id = due ~= '' and store(i, delay, due) or store(i, add_entry, at)
    if chosen then
      call('ZADD', k_seen, whole(math.max(now, tonumber(due) or 0) + window), ARGV[i])
      call('HSET', k_seen_ids, ARGV[i], id)
    end
    ids[#ids + 1] = id
  end
end
if call('EXISTS', S) == 0 then create_stream() end
ring()
return ids
