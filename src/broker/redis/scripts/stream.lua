-- Shared by all scripts: how a stream's keys are named, and how ids are ordered. See docs/formats/redis.md.
local S = KEYS[1]
local call = redis.call

local function key(kind, group)
  if group then return kind .. ':{' .. S .. '}:' .. group end
  return kind .. ':{' .. S .. '}'
end

-- A number as text that sorts as the number does: its count of digits as a letter, then the digits. Letters and digits
-- only, so that every collation agrees.
local digits = {}
for n = 1, 20 do digits[n] = string.char(96 + n) end
local function ordered(number) return digits[#number] .. number end

-- The place of an id, and the id at a place.
local function place(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return digits[#ms] .. ms .. digits[#seq] .. seq
end
local function id_at(where)
  local n = string.byte(where) - 96
  return string.sub(where, 2, n + 1) .. '-' .. string.sub(where, n + 3)
end

local function whole(number) return string.format('%.0f', number) end

-- Calls a command with any number of arguments; 1,200 at a time keeps pairs and triples together.
local function with_all(command, name, list)
  for first = 1, #list, 1200 do
    call(command, name, unpack(list, first, math.min(first + 1199, #list)))
  end
end

-- Nobody may be listening, or the user may not have the channel: neither undoes the step.
local function ring() redis.pcall('PUBLISH', key('news'), '') end

-- What XINFO says of the stream, or nothing when there is none.
local function stream_info()
  if call('EXISTS', S) == 0 then return nil end
  local info, flat = {}, call('XINFO', 'STREAM', S)
  for i = 1, #flat, 2 do info[flat[i]] = flat[i + 1] end
  return info
end
local function last_id()
  local info = stream_info()
  return info and info['last-generated-id'] or '0-0'
end

local function create_stream()
  call('XGROUP', 'CREATE', S, 'event-bus', '0', 'MKSTREAM')
  call('XGROUP', 'DESTROY', S, 'event-bus')
end

-- A field's value in the flat list of an entry.
local function field(fields, name)
  for i = 1, #fields, 2 do
    if fields[i] == name then return fields[i + 1] end
  end
  return nil
end
-- The type: where our own entries have it, else wherever it stands; nothing when there is none.
local function type_of(fields)
  if fields[5] == 'type' then return fields[6] end
  return field(fields, 'type')
end
local function size_of(fields)
  if fields[15] == 'data' and fields[17] == 'metadata' then return #fields[16] + (fields[18] == '{}' and 0 or #fields[18]) end
  local size = 0
  for i = 2, #fields, 2 do size = size + #fields[i] end
  return size
end

-- Entries get the ids of their request's time, growing also when that time lags behind. `at` is kept between calls.
local function add_entry(at, ...)
  local id = redis.pcall('XADD', S, at.ms .. '-*', ...)
  if type(id) == 'table' then
    if not string.find(id.err, 'equal or smaller', 1, true) then error(id) end
    at.ms = string.match(last_id(), '^%d+')
    id = call('XADD', S, at.ms .. '-*', ...)
  end
  return id
end
