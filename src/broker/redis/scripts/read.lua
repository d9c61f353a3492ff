-- A page of the log. ARGV: from, until (bounds of XRANGE), most entries, most bytes, backwards (1).
-- Answers with the last id ever given and the entries.
local from, to, limit, max_bytes, backwards = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == '1'
local entries, bytes = {}, 0
local function full() return #entries >= limit or (bytes >= max_bytes and #entries > 0) end

-- Few at first, then as many as should fit, so that one call never reads far more than is asked for.
local count = math.min(limit, 16)
while not full() do
  local list
  if backwards then
    list = call('XREVRANGE', S, to, from, 'COUNT', count)
  else
    list = call('XRANGE', S, from, to, 'COUNT', count)
  end
  for _, entry in ipairs(list) do
    if full() then break end
    entries[#entries + 1] = entry
    bytes = bytes + size_of(entry[2])
  end
  if #list < count then break end
  if backwards then
    to = '(' .. list[#list][1]
  else
    from = '(' .. list[#list][1]
  end
  local average = math.max(1, bytes / #entries)
  count = math.max(1, math.min(limit - #entries, 1000, math.ceil((max_bytes - bytes) / average)))
end
return {last_id(), entries}
