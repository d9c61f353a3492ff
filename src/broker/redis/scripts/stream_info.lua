-- What a stream holds: length, delayed, first, last, ever appended; nothing when there is none.
local info = stream_info()
if not info then return redis.error_reply('NOSTREAM no such stream') end
local first = call('XRANGE', S, '-', '+', 'COUNT', 1)[1]
return {info.length, call('ZCARD', key('delayed')), first and first[1] or '0-0', info['last-generated-id'], info['entries-added']}
