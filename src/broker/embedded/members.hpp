#pragma once

#include "broker/contract.hpp"
#include "broker/embedded/unit.hpp"
#include "broker/embedded/work.hpp"

// Who belongs to a group, for how long, and which types the group has declared.
namespace collective::embedded {

broker::Result<EntryId> join(Unit& unit, const broker::Join& request);
broker::Result<bool> leave(Unit& unit, const broker::GroupKey& key, const std::string& member, Timestamp now);

std::optional<MemberRecord> load_member(const View& view, std::uint32_t group, const std::string& name);
void store_member(Unit& unit, GroupState& group, const std::string& name, const MemberRecord& record);

/// Unlists members whose lease ended, but for `spared`, and parks what they held; parks deliveries whose own deadline
/// passed.
void reap(Unit& unit, GroupState& group, Work& work, const std::string& spared, Timestamp now);

/// True when the group has declared the type, and before the entry.
bool declares(const std::vector<Route>& routes, std::string_view type, EntryId id);

}  // namespace collective::embedded
