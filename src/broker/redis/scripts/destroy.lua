-- Destroys a group with all it has. ARGV: group, now. Answers 1 when it was there.
local tokens = call('HGET', k_group, 'tokens')
if not tokens then return 0 end
local given = tonumber(call('HGET', key('stream'), 'tokens') or 0)
call('HSET', key('stream'), 'tokens', whole(math.max(tonumber(tokens), given)))
call('DEL', k_group, k_routes, k_members, k_pending, k_order, k_ready, k_deadlines, k_held, k_side, k_letters)
redis.pcall('XGROUP', 'DESTROY', S, group)
call('SREM', key('groups'), group)
ring()
return 1
