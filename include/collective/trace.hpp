#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collective/attempt.hpp"
#include "collective/event.hpp"

namespace collective {

struct TraceOptions {
  /// Where to begin to look. Default: an hour before the time in the correlation id when it is a ULID, else a day ago.
  std::optional<Timestamp> since{};
  std::size_t limit = 1'000;  ///< most events of the flow; 1 to 100,000
};

/// What became of an event in one group.
struct TracedHandling {
  enum class State : std::uint8_t {
    waiting,      ///< not handed out yet
    delivered,    ///< a consumer holds it
    retrying,     ///< failed, and waits for its next attempt
    dead_letter,  ///< given up
    handled,      ///< acknowledged
  };
  std::string group{};
  State state = State::waiting;
  std::string consumer{};          ///< who holds it
  std::uint32_t attempts = 0;      ///< failed ones
  std::vector<Attempt> history{};  ///< the failed handlings, oldest first; not kept once it is handled
};
[[nodiscard]] std::string_view name(TracedHandling::State state) noexcept;

/// One event of a flow.
struct TracedEvent {
  AnyEvent event{};
  std::optional<std::size_t> cause{};  ///< the place of the event that caused it; none when it is not part of the flow
  std::size_t depth = 0;               ///< 0 for one without a cause here
  std::vector<TracedHandling> handlings{};  ///< one for each group that takes its type
};

/// The events in causal order: each after what caused it and before what came later from the same cause. Those without a
/// cause among them are ordered by time.
[[nodiscard]] std::vector<TracedEvent> order_causally(std::vector<AnyEvent> events);

}  // namespace collective
