#pragma once

#include <cstdint>
#include <string>

#include "collective/duration.hpp"
#include "collective/entry_id.hpp"
#include "collective/retry.hpp"

namespace collective {

enum class Ordering : std::uint8_t {
  none,     ///< a retry never blocks other events
  per_key,  ///< events of one key are handled in stream order; a failing one holds its key
  strict,   ///< events are handled one after the other in stream order
};

/// Where a group that does not exist yet starts.
struct StartAt {
  enum class Kind : std::uint8_t { earliest, latest, after } kind = Kind::earliest;
  EntryId entry{};
  static StartAt earliest() { return {}; }
  static StartAt latest() { return {Kind::latest, {}}; }
  static StartAt after(EntryId entry) { return {Kind::after, entry}; }
};

/// Options of one subscription. `group` is required: one group is one application.
struct SubscribeOptions {
  std::string group{};
  std::string consumer{};         ///< shown to people; empty: the host's name and the process id
  std::uint32_t concurrency = 1;  ///< handlers of this subscription that run at once; 1 to 1024
  RetryPolicy retry{};
  Ordering ordering = Ordering::none;  ///< the same for every subscription of a group
  StartAt start{};

  // batches (subscribe_batch only)
  std::size_t batch_size = 10;  ///< most events in one call
  Millis batch_wait{100};       ///< longest wait for a batch to fill, from its first event

  // time
  Millis lease{30'000};                         ///< a process silent for so long loses what it holds; at least 100 ms
  Millis newer_version_wait{24LL * 3'600'000};  ///< then an event of a version that no member knows is a dead letter
  Millis max_handling_time{300'000};            ///< then the handler is asked to stop and the event counts a stall
  Millis drain_timeout{10'000};                 ///< how long the subscription's end waits for running handlers
  BreakerPolicy breaker{};
  std::size_t prefetch = 1'000;  ///< most events held in memory beyond the running ones
};

}  // namespace collective
