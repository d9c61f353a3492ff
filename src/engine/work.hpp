#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collective/options.hpp"
#include "collective/outcome.hpp"

#include "broker/contract.hpp"
#include "engine/now.hpp"

namespace collective::engine {

/// The version of a subscription that takes an event type undecoded, whatever its version.
inline constexpr std::uint32_t any_version = UINT32_MAX;

/// "file.uploaded/2" is the route of work whose version its holder did not know, for those that do.
inline constexpr char version_separator = '/';
inline std::string versioned(std::string_view type, std::uint32_t version) {
  return std::string(type) + version_separator + std::to_string(version);
}

/// Matches the routes of all that was parked for others under labels of this type.
inline std::string any_label_of(std::string_view type) {
  return std::string(type) + version_separator + '*';
}

/// An event type a subscription handles, and the newest version of it that it knows. "*" handles every type.
struct Route {
  std::string type{};
  std::uint32_t version = 1;
};

/// One handler and how it is run. Several subscriptions of a process share one member of the group.
struct Subscription {
  std::uint32_t id = 0;
  std::vector<Route> routes{};
  std::uint32_t concurrency = 1;
  RetryPolicy retry{};
  Millis max_handling_time{300'000};
  std::size_t batch_size = 1;
  Millis batch_wait{0};
};

/// A delivery this process holds and has not finished.
struct Work {
  broker::Delivered delivered;
  broker::Storage storage;  ///< keeps the text of `delivered.entry` alive
  std::uint32_t subscription = 0;
  Nanos arrived{};
  std::string key{};  ///< ordering key; empty unless the group is ordered per key
};

/// One place of a subscription's concurrency.
struct SlotId {
  std::uint32_t subscription = 0;
  std::uint32_t index = 0;
  friend bool operator==(const SlotId&, const SlotId&) = default;
};

/// Tells the runtime to run a handler now. The work stays alive until `finished` is called for the slot.
struct Start {
  SlotId slot;
  const std::vector<Work>* work = nullptr;
};

/// Something the runtime reports to the observer.
struct Notice {
  Severity severity = Severity::info;
  bool is_alarm = false;
  Alarm alarm{};
  std::string text{};
};

}  // namespace collective::engine
