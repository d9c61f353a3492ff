#pragma once

#include <string>

#include "collective/bus.hpp"

#include "service/monitor.hpp"

// What the library tells of streams and groups, as JSON objects.
namespace collective::service {

[[nodiscard]] std::string json_of(const StreamSample& stream);
[[nodiscard]] std::string json_of(const GroupInfo& group);
[[nodiscard]] std::string json_of(const PendingEvent& event);
[[nodiscard]] std::string json_of(const DeadLetter& letter);
[[nodiscard]] std::string json_of(const TracedEvent& traced);

}  // namespace collective::service
