-- Dead letters after a number. ARGV: group, now, from (a bound of XRANGE, or empty: none), limit.
if call('EXISTS', k_group) == 0 then return redis.error_reply('NOTFOUND no such group') end
if ARGV[3] == '' or ARGV[4] == '0' then return {} end
return call('XRANGE', k_letters, ARGV[3], '+', 'COUNT', ARGV[4])
