#pragma once

#include <string>

#include "collective/entry_id.hpp"

namespace collective {

/// The proof of a stored event.
struct Published {
  std::string event_id{};  ///< the event's ULID, the same in every broker
  EntryId entry_id{};      ///< its place in the stream; {0,0} for a delayed event, which has none yet
  bool duplicate = false;  ///< this event id was stored before; `entry_id` is the earlier entry's
};

}  // namespace collective
