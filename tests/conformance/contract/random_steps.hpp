#pragma once

#include <deque>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/steps.hpp"

// Random sequences of calls from a seed: the same calls for every broker that takes part.
namespace collective::conformance {

using testing_support::Steps;

/// What a caller remembers of the answers it got: what later calls are made from.
struct Known {
  struct Work {
    std::string group;
    std::string member;
    broker::Ticket ticket;
    broker::Progress progress;
  };
  std::deque<Work> work{};                                      ///< newest last; also some of what was settled long ago
  std::deque<std::pair<broker::GroupKey, std::string>> lost{};  ///< members that have to join again
  std::deque<EntryId> ids{};                                    ///< newest last
  std::uint64_t letters = 0;                                    ///< how many dead letters there were, in all groups
  std::deque<broker::Exchange> exchanges{};                     ///< sent before, newest last
};

/// One call: made on a store, it returns the answer as text. `known` learns from the answer when it is given.
struct Step {
  std::string what;
  std::function<std::string(Steps& on, Known* known)> run;
};

class RandomSteps {
 public:
  explicit RandomSteps(std::uint64_t seed) : random_(seed) {}

  Step next();
  /// Learns from the answers that the steps got on the reference.
  [[nodiscard]] Known& known() { return known_; }
  [[nodiscard]] Timestamp now() const { return now_; }

 private:
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  [[nodiscard]] bool chance(unsigned percent) { return below(100) < percent; }
  [[nodiscard]] broker::Millis within(broker::Millis most) {
    return broker::Millis(below(static_cast<std::uint64_t>(most.count())));
  }
  template <class T>
  const T& one_of(const std::vector<T>& list) {
    return list[below(list.size())];
  }

  void move_time();
  broker::GroupKey some_group();
  std::string some_member();
  std::vector<std::string> some_routes();
  std::string some_type();
  EntryId some_id();
  std::vector<std::uint64_t> some_letters();
  broker::Progress changed(broker::Progress progress);
  broker::Settlement some_settlement(const std::string& group, const std::string& member);
  broker::Retention some_retention();

  Step append();
  Step join(broker::GroupKey key, std::string member);
  Step exchange();
  Step send(broker::Exchange request, bool repeated);
  Step leave();
  Step read();
  Step upkeep();
  Step look();
  Step republish();
  Step discard();
  Step replay();
  Step forget();
  Step destroy_group();

  std::mt19937_64 random_;
  Timestamp now_{broker::Millis{1'767'225'600'000}};
  std::uint64_t events_ = 0;
  Known known_;
};

/// Everything that can be seen of a store, a line each.
std::vector<std::string> visible_state(Steps& of, Timestamp now);

}  // namespace collective::conformance
