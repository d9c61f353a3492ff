#include <map>

#include "engine/backlog.hpp"

namespace collective::engine {
namespace {

bool comes_alone(const Work& work) {
  return work.delivered.progress.attempts > 0 || work.delivered.progress.suspect;
}

class UnorderedBacklog final : public Backlog {
 public:
  void push(Work work) override {
    auto& queue = queues_[work.subscription];
    ++waiting_;
    if (work.delivered.progress.suspect) {
      queue.push_front(std::move(work));
    } else {
      queue.push_back(std::move(work));
    }
  }

  std::vector<Work> take(std::uint32_t subscription, std::size_t max, Timestamp) override {
    std::vector<Work> taken;
    const auto found = queues_.find(subscription);
    if (found == queues_.end()) return taken;
    auto& queue = found->second;
    while (!queue.empty() && taken.size() < max) {
      const bool alone = comes_alone(queue.front());
      if (alone && !taken.empty()) break;
      taken.push_back(std::move(queue.front()));
      queue.pop_front();
      --waiting_;
      if (alone) break;
    }
    return taken;
  }

  void hold(Work work) override { push(std::move(work)); }
  void done(const Work&) override {}
  bool withdraw(const Work&) override { return false; }

  std::vector<Work> clear() override {
    std::vector<Work> all;
    for (auto& [id, queue] : queues_) {
      for (auto& work : queue) all.push_back(std::move(work));
    }
    queues_.clear();
    waiting_ = 0;
    return all;
  }

  std::vector<Work> clear(std::uint32_t subscription) override {
    std::vector<Work> all;
    const auto found = queues_.find(subscription);
    if (found == queues_.end()) return all;
    for (auto& work : found->second) all.push_back(std::move(work));
    waiting_ -= found->second.size();
    queues_.erase(found);
    return all;
  }

  std::size_t waiting() const override { return waiting_; }

  std::size_t waiting(std::uint32_t subscription) const override {
    const auto found = queues_.find(subscription);
    return found == queues_.end() ? 0 : found->second.size();
  }

  std::optional<Nanos> oldest(std::uint32_t subscription) const override {
    const auto found = queues_.find(subscription);
    if (found == queues_.end() || found->second.empty()) return std::nullopt;
    return found->second.front().arrived;
  }

  std::size_t ready(std::uint32_t subscription, Timestamp) const override { return waiting(subscription); }

  std::optional<Timestamp> due(Timestamp) const override { return std::nullopt; }

  void for_each(const std::function<void(const Work&)>& visit) const override {
    for (const auto& [id, queue] : queues_) {
      for (const auto& work : queue) visit(work);
    }
  }

 private:
  std::map<std::uint32_t, std::deque<Work>> queues_;
  std::size_t waiting_ = 0;
};

}  // namespace

std::unique_ptr<Backlog> make_unordered_backlog() {
  return std::make_unique<UnorderedBacklog>();
}

}  // namespace collective::engine
