#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "broker/admin.hpp"

namespace collective::testing_support {

/// A broker whose messages a test can lose. Counts what it is asked. Thread-safe.
class UnreliableBroker final : public broker::Broker {
 public:
  enum class Fate : std::uint8_t { arrives, refused, request_lost, reply_lost, request_late };

  explicit UnreliableBroker(std::shared_ptr<broker::Broker> real) : real_(std::move(real)) {}

  void appends(Fate fate) { fate_ = fate; }
  void everything_fails(bool fails) { away_ = fails; }
  /// From now on nothing is answered, and nothing carried out.
  void falls_silent() { silent_ = true; }
  [[nodiscard]] int unanswered() const { return unanswered_; }
  /// Carries out the append that was late.
  void deliver_late() {
    const std::lock_guard lock(mutex_);
    for (auto& batch : std::exchange(late_, {})) real_->append(std::move(batch), [](const auto&) {});
  }
  [[nodiscard]] int upkeeps() const { return upkeeps_; }
  [[nodiscard]] int joins() const { return joins_; }
  [[nodiscard]] int watches() const { return watches_; }

  void append(broker::AppendBatch batch, broker::Reply<std::vector<broker::Appended>> reply) override {
    if (is_silent()) return;
    if (away_) return reply(refused());
    switch (fate_.load()) {
      case Fate::arrives:
        return real_->append(std::move(batch), std::move(reply));
      case Fate::refused:
        return reply(refused());
      case Fate::request_lost:
        return reply(lost());
      case Fate::reply_lost:
        return real_->append(std::move(batch), [reply](const auto&) { reply(lost()); });
      case Fate::request_late:
        const std::lock_guard lock(mutex_);
        late_.push_back(std::move(batch));
        return reply(lost());
    }
  }
  void join(broker::Join request, broker::Reply<EntryId> reply) override {
    ++joins_;
    if (is_silent()) return;
    away_ ? reply(refused()) : real_->join(std::move(request), std::move(reply));
  }
  void exchange(broker::Exchange request, broker::Reply<broker::Exchanged> reply) override {
    if (is_silent()) return;
    away_ ? reply(refused()) : real_->exchange(std::move(request), std::move(reply));
  }
  void leave(broker::GroupKey key, std::string member, Timestamp now, broker::Reply<bool> reply) override {
    if (is_silent()) return;
    away_ ? reply(refused()) : real_->leave(std::move(key), std::move(member), now, std::move(reply));
  }
  void read(broker::Read request, broker::Reply<broker::Page> reply) override {
    if (is_silent()) return;
    away_ ? reply(refused()) : real_->read(std::move(request), std::move(reply));
  }
  void upkeep(broker::Upkeep request, broker::Reply<broker::UpkeepReport> reply) override {
    upkeeps_ += request.trim ? 1 : 0;
    if (is_silent()) return;
    away_ ? reply(refused()) : real_->upkeep(std::move(request), std::move(reply));
  }
  Watch watch(const std::string& stream, std::function<void()> news) override {
    ++watches_;
    return real_->watch(stream, std::move(news));
  }
  void close(std::chrono::steady_clock::time_point) override {}  // the store is the test's

 private:
  bool is_silent() {
    unanswered_ += silent_ ? 1 : 0;
    return silent_;
  }
  static broker::Failure refused() { return {Errc::unavailable, "the broker is away"}; }
  static broker::Failure lost() { return {Errc::unknown, "no answer"}; }

  const std::shared_ptr<broker::Broker> real_;
  std::atomic<Fate> fate_{Fate::arrives};
  std::atomic<bool> away_{false}, silent_{false};
  std::atomic<int> unanswered_{0}, upkeeps_{0}, joins_{0}, watches_{0};
  std::mutex mutex_;
  std::vector<broker::AppendBatch> late_;  // guarded by mutex_
};

}  // namespace collective::testing_support
