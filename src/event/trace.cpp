#include "collective/trace.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace collective {

std::string_view name(TracedHandling::State state) noexcept {
  switch (state) {
    case TracedHandling::State::waiting:
      return "waiting";
    case TracedHandling::State::delivered:
      return "delivered";
    case TracedHandling::State::retrying:
      return "retrying";
    case TracedHandling::State::dead_letter:
      return "dead letter";
    case TracedHandling::State::handled:
      return "handled";
  }
  return "waiting";
}

namespace {

/// Places events in causal order, starting from one after the other.
class Placing {
 public:
  explicit Placing(std::vector<AnyEvent> events)
      : events_(std::move(events)), placed_(events_.size()), below_(events_.size()) {
    std::unordered_map<std::string, std::size_t> index_of;
    for (std::size_t i = 0; i < events_.size(); ++i) index_of.emplace(events_[i].envelope.id, i);
    for (std::size_t i = 0; i < events_.size(); ++i) {
      const auto cause = index_of.find(events_[i].header().causation_id());
      cause == index_of.end() ? roots_.push_back(i) : below_[cause->second].push_back(i);
    }
    ordered_.reserve(events_.size());
  }

  std::vector<TracedEvent> run() {
    for (const auto root : roots_) place_from(root);
    for (std::size_t i = 0; i < events_.size(); ++i) place_from(i);  // events that name each other as their cause
    return std::move(ordered_);
  }

 private:
  struct Open {
    std::size_t index = 0;
    std::optional<std::size_t> cause{};
    std::size_t depth = 0;
  };

  void place_from(std::size_t root) {
    std::vector<Open> open{{root, {}, 0}};  // the next one last
    while (!open.empty()) {
      const auto [index, cause, depth] = open.back();
      open.pop_back();
      if (placed_[index]) continue;
      placed_[index] = true;
      for (auto child = below_[index].rbegin(); child != below_[index].rend(); ++child)
        open.push_back({*child, ordered_.size(), depth + 1});
      ordered_.push_back({std::move(events_[index]), cause, depth, {}});
    }
  }

  std::vector<AnyEvent> events_;
  std::vector<bool> placed_;
  std::vector<std::vector<std::size_t>> below_;  ///< what each caused, by time
  std::vector<std::size_t> roots_;
  std::vector<TracedEvent> ordered_;
};

}  // namespace

std::vector<TracedEvent> order_causally(std::vector<AnyEvent> events) {
  std::sort(events.begin(), events.end(), [](const AnyEvent& a, const AnyEvent& b) {
    return std::tie(a.envelope.timestamp, a.entry_id, a.envelope.id) <
           std::tie(b.envelope.timestamp, b.entry_id, b.envelope.id);
  });
  return Placing(std::move(events)).run();
}

}  // namespace collective
