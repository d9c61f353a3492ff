#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "broker/contract.hpp"
#include "engine/now.hpp"

namespace collective::simulation {

/// What really happened, as somebody who sees everything would write it down: the publishers' view, the handlers', and
/// the steps that the store carried out.
struct History {
  enum class Publish : std::uint8_t { called, stored, refused, unknown };

  /// One event in one group.
  struct Handling {
    int starts = 0;
    int successes = 0;
    int failures = 0;
    int interrupted = 0;                 ///< handlings whose process stopped, froze or ran out of time in the middle
    int marks = 0;                       ///< times it was handed out with its start mark stored
    int marks_received = 0;              ///< times that reached the process; what it never saw it cannot finish
    int dead_letters = 0;                ///< steps of the store that made it one
    std::vector<std::uint32_t> charged;  ///< attempts, as each stored failure counted them
    bool skipped = false;                ///< acknowledged by the store without a handler: its type is not declared
  };
  struct Event {
    std::string type;
    std::string key;
    Publish outcome = Publish::called;
    EntryId entry{};  ///< known once the store carried an append out
    bool stored = false;
    int copies = 0;
  };

  std::map<std::string, Event> events;                               ///< by event id
  std::map<std::string, std::map<std::string, Handling>> handlings;  ///< by group, then event id
  bool clocks_jumped = false;       ///< then leases end early, and order is not promised
  std::vector<std::string> broken;  ///< rules seen broken as it happened

  void breaks(engine::Nanos at, const std::string& what) {
    broken.push_back("at " + std::to_string(at.count() / 1'000'000) + " ms: " + what);
  }
};

}  // namespace collective::simulation
