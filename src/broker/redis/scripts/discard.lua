-- Drops dead letters. ARGV: group, now, numbers. Answers how many.
if call('EXISTS', k_group) == 0 then return redis.error_reply('NOTFOUND no such group') end
local gone = 0
for i = 3, #ARGV do gone = gone + call('XDEL', k_letters, '0-' .. ARGV[i]) end
return gone
