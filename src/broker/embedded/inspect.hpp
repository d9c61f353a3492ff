#pragma once

#include "broker/admin.hpp"
#include "broker/embedded/unit.hpp"

// What people and tools ask of a store: looking (on a snapshot), and the rarer changes.
namespace collective::embedded {

std::vector<std::string> stream_names(const View& view);
broker::Result<broker::StreamInfo> stream_info(const View& view, const std::string& stream);
broker::Result<std::vector<broker::GroupInfo>> group_infos(const View& view, const std::string& stream, Timestamp now);
broker::Result<std::vector<broker::PendingInfo>> pending_infos(const View& view, const broker::GroupKey& key,
                                                               broker::WorkId after, std::size_t limit);
broker::Result<broker::DeadLetterPage> dead_letters(const View& view, const broker::GroupKey& key, std::uint64_t after,
                                                    std::size_t limit);

broker::Result<std::uint64_t> republish(Unit& unit, const broker::GroupKey& key,
                                        const std::vector<std::uint64_t>& numbers, Timestamp now);
broker::Result<std::uint64_t> discard(Unit& unit, const broker::GroupKey& key,
                                      const std::vector<std::uint64_t>& numbers);
broker::Result<std::uint64_t> replay(Unit& unit, const broker::GroupKey& key, EntryId after);
broker::Result<std::uint64_t> forget(Unit& unit, const broker::GroupKey& key, const std::string& route);
broker::Result<bool> destroy_group(Unit& unit, const broker::GroupKey& key);

broker::Failure no_such_group(const broker::GroupKey& key);

}  // namespace collective::embedded
