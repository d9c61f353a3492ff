-- Hands back all that a member holds, uncharged, and unlists it. Answers 1 when it was a member.
-- ARGV: group, now, member.
local member = ARGV[3]
if call('HEXISTS', k_members, member) == 0 then return 0 end
each_owned_by(member, function(work, r)
  r.started = false
  park(work, r)
end)
flush()
unlist(member)
ring()
return 1
