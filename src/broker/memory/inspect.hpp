#pragma once

#include "broker/memory/state.hpp"

namespace collective::memory {

broker::StreamInfo describe(const Stream& stream);
broker::GroupInfo describe(const Stream& stream, const Group& group, Timestamp now);
std::vector<broker::PendingInfo> pending_of(const Group& group, const broker::WorkId& after, std::size_t limit);
broker::DeadLetterPage letters_of(const Group& group, std::uint64_t after, std::size_t limit);
std::uint64_t republish(Group& group, const std::vector<std::uint64_t>& numbers, Timestamp now);
std::uint64_t forget(Group& group, const std::string& route);

}  // namespace collective::memory
