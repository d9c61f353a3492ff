#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "collective/duration.hpp"
#include "collective/entry_id.hpp"

namespace collective {

enum class TrimStrategy : std::uint8_t { maxlen, minid };

/// Options of one publish.
struct PublishOptions {
  std::string correlation_id{};  ///< empty: inherited from the event being handled, else none
  std::string user_id{};         ///< empty: inherited likewise, else the data's user_id where it has one
  std::string
      event_id{};  ///< a ULID you chose: stored once, however often you publish it within 10 minutes; one that an error of unknown outcome named: however late
  std::string key{};                     ///< ordering key: events of one key keep their order in groups ordered per key
  std::string metadata{};                ///< a JSON object to travel with the event; empty: none
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

}  // namespace collective
