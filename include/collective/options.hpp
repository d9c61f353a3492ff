#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collective/entry_id.hpp"
#include "collective/observer.hpp"
#include "collective/retry.hpp"

namespace collective {

/// Options of a client or a bus. The defaults suit most services.
struct Options {
  // where
  std::string
      broker{};  ///< URL: embedded:PATH, memory:NAME. Empty: $EVENT_BUS_BROKER, else $REDIS_HOST, else embedded: under the XDG state directory
  std::string source{};  ///< this service's name, written to each event's metadata; empty: none

  // behaviour
  std::uint32_t hop_limit = 32;            ///< longest chain of events caused by events; 1 to 1000
  std::size_t max_event_bytes = 1u << 20;  ///< largest event accepted at publish, all fields together
  std::shared_ptr<Observer> observer{};    ///< logs, measurements and alarms; null: none

  // performance and patience
  Millis connect_timeout{5'000};     ///< how long connect() tries
  Millis operation_timeout{10'000};  ///< how long one call waits for the broker; then unavailable or unknown
  std::size_t window = 10'000;       ///< events in flight by publish_async before it waits for room
};

enum class TrimStrategy : std::uint8_t { maxlen, minid };

/// Options of one publish.
struct PublishOptions {
  std::string correlation_id{};  ///< empty: inherited from the event being handled, else none
  std::string user_id{};         ///< empty: inherited likewise, else the data's user_id where it has one
  std::string event_id{};        ///< a ULID you chose: stored once, however often you publish it within 10 minutes
  std::string key{};             ///< ordering key: events of one key keep their order in groups ordered per key
  std::string metadata{};        ///< a JSON object to travel with the event; empty: none
  std::optional<Timestamp> timestamp{};  ///< when it occurred; default: now
  Millis delay{0};                       ///< not visible to anyone before this much time has passed
  bool new_chain = false;                ///< inherit nothing from the event being handled: a chain that means to go on

  // retention of the whole stream from now on, applied about once a second by this process
  std::optional<std::uint64_t> max_length{};          ///< soft: what a group still needs stays
  TrimStrategy trim_strategy = TrimStrategy::maxlen;  ///< minid: drops what is older than min_id instead
  std::optional<EntryId> min_id{};
  bool trim_unacknowledged = false;  ///< also drop what a group still needs; losses are counted
  std::uint64_t hard_cap = 0;        ///< entries; a publish that would pass it fails with Errc::full; 0: none
};

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
  Millis lease{30'000};               ///< a process silent for so long loses what it holds; at least 100 ms
  Millis max_handling_time{300'000};  ///< then the handler is asked to stop and the event counts a stall
  Millis drain_timeout{10'000};       ///< how long the subscription's end waits for running handlers
  BreakerPolicy breaker{};
  std::size_t prefetch = 1'000;  ///< most events held in memory beyond the running ones
};

}  // namespace collective
