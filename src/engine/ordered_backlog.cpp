#include <algorithm>
#include <map>

#include "engine/backlog.hpp"

namespace collective::engine {
namespace {

/// The events of one key in stream order. Its head runs alone; `due` holds a failed head back.
struct Lane {
  std::deque<Work> queue;
  bool running = false;
  Timestamp due{};
};

// Side work (republished) stands outside the order: each piece has a lane of its own.
std::string lane_of(const Work& work) {
  const auto& id = work.delivered.ticket.work;
  return id.side ? "side:" + std::to_string(id.id.seq) : "key:" + work.key;
}

class OrderedBacklog final : public Backlog {
 public:
  void push(Work work) override {
    auto& lane = lanes_[lane_of(work)];
    const Timestamp due = work.delivered.progress.due;
    ++waiting_;
    lane.queue.push_back(std::move(work));
    if (lane.queue.size() == 1 && !lane.running) lane.due = due;
  }

  std::vector<Work> take(std::uint32_t subscription, std::size_t max, Timestamp now) override {
    std::vector<Work> taken;
    if (max == 0) return taken;
    Lane* best = nullptr;
    for (auto& [key, lane] : lanes_) {  // the lane whose head came first in the stream
      if (lane.running || lane.queue.empty() || lane.due > now) continue;
      if (lane.queue.front().subscription != subscription) continue;
      if (best == nullptr || id_of(lane) < id_of(*best)) best = &lane;
    }
    if (best == nullptr) return taken;
    best->running = true;
    taken.push_back(std::move(best->queue.front()));
    best->queue.pop_front();
    --waiting_;
    return taken;
  }

  void hold(Work work) override {
    auto& lane = lanes_[lane_of(work)];
    lane.running = false;
    lane.due = work.delivered.progress.due;
    lane.queue.push_front(std::move(work));
    ++waiting_;
  }

  void done(const Work& work) override {
    const auto found = lanes_.find(lane_of(work));
    if (found == lanes_.end()) return;
    auto& lane = found->second;
    lane.running = false;
    if (lane.queue.empty()) {
      lanes_.erase(found);
    } else {
      lane.due = lane.queue.front().delivered.progress.due;
    }
  }

  bool withdraw(const Work& work) override {
    const auto found = lanes_.find(lane_of(work));
    if (found == lanes_.end() || found->second.running || found->second.queue.empty()) return false;
    auto& queue = found->second.queue;
    if (queue.front().delivered.ticket != work.delivered.ticket) return false;
    queue.pop_front();
    --waiting_;
    done(work);
    return true;
  }

  std::vector<Work> clear() override {
    return clear_if([](const Work&) { return true; });
  }
  std::vector<Work> clear(std::uint32_t subscription) override {
    return clear_if([&](const Work& work) { return work.subscription == subscription; });
  }

  std::size_t waiting() const override { return waiting_; }

  std::size_t waiting(std::uint32_t subscription) const override {
    std::size_t count = 0;
    for_each([&](const Work& work) { count += work.subscription == subscription ? 1 : 0; });
    return count;
  }

  std::optional<Nanos> oldest(std::uint32_t subscription) const override {
    std::optional<Nanos> oldest;
    for_each([&](const Work& work) {
      if (work.subscription == subscription && (!oldest || work.arrived < *oldest)) oldest = work.arrived;
    });
    return oldest;
  }

  std::size_t ready(std::uint32_t subscription, Timestamp now) const override {
    std::size_t count = 0;
    for (const auto& [key, lane] : lanes_) {
      if (!lane.running && lane.due > now) continue;
      for (const auto& work : lane.queue) count += work.subscription == subscription ? 1 : 0;
    }
    return count;
  }

  std::optional<Timestamp> due(Timestamp now) const override {
    std::optional<Timestamp> due;
    for (const auto& [key, lane] : lanes_) {
      if (lane.running || lane.queue.empty() || lane.due <= now) continue;
      if (!due || lane.due < *due) due = lane.due;
    }
    return due;
  }

  void for_each(const std::function<void(const Work&)>& visit) const override {
    for (const auto& [key, lane] : lanes_) {
      for (const auto& work : lane.queue) visit(work);
    }
  }

 private:
  static const broker::WorkId& id_of(const Lane& lane) { return lane.queue.front().delivered.ticket.work; }

  template <class Predicate>
  std::vector<Work> clear_if(Predicate goes) {
    std::vector<Work> cleared;
    for (auto lane = lanes_.begin(); lane != lanes_.end();) {
      auto& queue = lane->second.queue;
      const auto kept =
          std::stable_partition(queue.begin(), queue.end(), [&](const Work& work) { return !goes(work); });
      std::move(kept, queue.end(), std::back_inserter(cleared));
      queue.erase(kept, queue.end());
      lane = queue.empty() && !lane->second.running ? lanes_.erase(lane) : std::next(lane);
    }
    waiting_ -= cleared.size();
    return cleared;
  }

  std::map<std::string, Lane> lanes_;
  std::size_t waiting_ = 0;
};

}  // namespace

std::unique_ptr<Backlog> make_ordered_backlog() {
  return std::make_unique<OrderedBacklog>();
}

}  // namespace collective::engine
