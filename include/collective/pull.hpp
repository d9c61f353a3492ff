#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collective/attempt.hpp"
#include "collective/event.hpp"
#include "collective/options.hpp"

namespace collective {

/// Proof that a delivery is yours, as text that can be stored or sent elsewhere. Opaque.
struct DeliveryToken {
  std::string text{};
  friend bool operator==(const DeliveryToken&, const DeliveryToken&) = default;
};

struct FetchOptions {
  std::string group{};               ///< required; created when absent
  std::vector<std::string> types{};  ///< event types to take; empty: every type
  std::string consumer = "pull";     ///< shown to people
  std::size_t max = 1;               ///< 1 to 1000
  Millis wait{0};                    ///< how long to wait for the first event; 0: not at all
  Millis visibility{30'000};         ///< not settled or extended within this, a delivery goes to somebody else
  std::uint32_t max_attempts = 3;
  StartAt start{};
};

/// An event taken by `EventBus::fetch`.
struct Pulled {
  AnyEvent event;
  DeliveryToken token;
  std::uint32_t attempt = 1;
  Timestamp deadline{};  ///< settle or extend before
};

/// What became of a settlement.
enum class Settlement : std::uint8_t {
  done,   ///< it counts
  stale,  ///< somebody else holds the event now: nothing changed
  gone,   ///< the event was acknowledged or dead-lettered before: nothing changed
};

/// A delivery that is handed out or waits for a retry.
struct PendingEvent {
  EntryId entry_id{};
  bool republished = false;  ///< came from the dead letters; `entry_id` is {0, number}
  std::string consumer{};    ///< who holds it; empty while it waits
  std::string type{};
  std::uint32_t attempts = 0;  ///< failed ones
  std::uint32_t stalls = 0;
  Timestamp due{};                 ///< not before; epoch: at once
  std::vector<Attempt> history{};  ///< the failed handlings, oldest first
};

}  // namespace collective
