#pragma once

#include <memory>
#include <string>

#include "broker/contract.hpp"
#include "simulation/history.hpp"
#include "simulation/world.hpp"

namespace collective::simulation {

/// How often the way to the broker misbehaves; each is a probability per call.
struct Faults {
  double refused = 0;       ///< an error, and surely not carried out
  double request_lost = 0;  ///< unknown, and not carried out
  double reply_lost = 0;    ///< unknown, though carried out
  double late = 0;          ///< unknown, and carried out only after that was said
};

/// One process's way to the broker: delays calls and answers, loses them, and writes the store's steps into the history.
/// Answers come through `world`, never from within the call.
class Network {
 public:
  Network(World& world, broker::Broker& store, History& history, const Faults& faults)
      : world_(world), store_(store), history_(history), faults_(faults) {}

  void append(broker::AppendBatch batch, broker::Reply<std::vector<broker::Appended>> reply);
  void join(broker::Join request, broker::Reply<EntryId> reply);
  void exchange(broker::Exchange request, broker::Reply<broker::Exchanged> reply);
  void leave(broker::GroupKey key, std::string member, Timestamp now, broker::Reply<bool> reply);

  /// Mutations for the tests of the checker.
  struct Bugs {
    bool group_at_end = false;           ///< a new group begins at the end of the stream
    bool dead_letter_forgotten = false;  ///< acknowledges instead of storing the dead letter
    bool retry_not_counted = false;      ///< a retry is stored without its attempt
    bool order_ignored = false;          ///< asks without the lane
  };
  void plant(const Bugs& bugs) { bugs_ = bugs; }

 private:
  template <class Answer, class Call>
  void deliver(Call call, broker::Reply<Answer> reply);
  void note(const broker::Exchange& request, const broker::Exchanged& answer);

  World& world_;
  broker::Broker& store_;
  History& history_;
  const Faults& faults_;
  Bugs bugs_;
  std::map<std::pair<std::string, broker::WorkId>, std::string>
      ids_;  ///< event ids of what was handed out, by group and work
};

}  // namespace collective::simulation
