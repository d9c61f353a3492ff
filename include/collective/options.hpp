#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "collective/duration.hpp"
#include "collective/observer.hpp"
#include "collective/publish_options.hpp"
#include "collective/subscribe_options.hpp"

namespace collective {

/// Options of a client or a bus. The defaults suit most services.
struct Options {
  // where
  std::string
      broker{};  ///< URL: embedded:PATH, redis://HOST, memory:NAME. Empty: $EVENT_BUS_BROKER, else $REDIS_HOST, else embedded: under the XDG state directory
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

}  // namespace collective
