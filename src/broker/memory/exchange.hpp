#pragma once

#include "broker/memory/state.hpp"

namespace collective::memory {

EntryId join(Stream& stream, const broker::Join& request);
broker::Exchanged exchange(Stream& stream, Group& group, const broker::Exchange& request);
/// False when it was no member. Hands back what it holds, uncharged.
bool leave(Group& group, const std::string& member, Timestamp now);

}  // namespace collective::memory
