#pragma once

#include <cstddef>
#include <string>

#include "collective/entry_id.hpp"

namespace collective {

/// Options of one `EventClient::read`.
struct ReadOptions {
  EntryId after{};                 ///< exclusive; {0,0}: from the first retained entry
  EntryId until = EntryId::max();  ///< inclusive
  std::size_t limit = 1'000;       ///< most events returned
  bool backwards = false;          ///< newest first
  std::string type{};              ///< only this event type; empty: all
  std::string correlation_id{};    ///< only this flow; empty: all
};

}  // namespace collective
