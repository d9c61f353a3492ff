#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collective/entry_id.hpp"
#include "collective/published.hpp"

#include "broker/result.hpp"

// What becomes of a publish whose outcome is unknown (rule 11): its error names the event ids, and whoever publishes an
// event under one of them again, from any process, is told whether it was stored. Why it is so: docs/adr.
namespace collective::runtime {

/// Where an event may be stored that is published under an id of the caller's choice, and that the store does not remember:
/// in an entry after this one, when its first publish chose no id. Nothing for an id that no publish to the stream was given.
[[nodiscard]] std::optional<EntryId> look_back_for(std::string_view event_id, std::string_view stream);

/// The message for a publish that failed: when its outcome is unknown it says how to find out. `repeated`: it was meant to.
[[nodiscard]] std::string undelivered(const broker::Failure& failure, const std::string& event_id, bool repeated);
[[nodiscard]] std::string undelivered(const broker::Failure& failure, const std::vector<Published>& events,
                                      bool repeated);

}  // namespace collective::runtime
