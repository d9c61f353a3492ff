-- Pending work after a bound of the order. ARGV: group, now, from, limit.
-- Of each: work, token, member, and its progress.
if call('EXISTS', k_group) == 0 then return redis.error_reply('NOTFOUND no such group') end
local answer = {}
local names = call('ZRANGEBYLEX', k_order, ARGV[3], '+', 'LIMIT', 0, ARGV[4])
load(names)
for _, work in ipairs(names) do
  local r = find(work)
  if r then
    answer[#answer + 1] = {work, r.token, r.owner, {r.attempts, r.stalls, r.generation, r.suspect and 1 or 0,
      r.started and 1 or 0, r.due, r.route, r.note}}
  end
end
return answer
