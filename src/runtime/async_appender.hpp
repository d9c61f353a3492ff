#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "broker/contract.hpp"
#include "runtime/clock.hpp"

namespace collective::runtime {

/// Carries events to the broker in the order of each stream, with a bounded number on their way. Per stream one batch
/// is out at a time; what is handed over meanwhile makes the next one, so that batches grow with the load. Thread-safe.
class AsyncAppender : public std::enable_shared_from_this<AsyncAppender> {
 public:
  using Done = std::function<void(broker::Result<broker::Appended>)>;

  AsyncAppender(std::shared_ptr<broker::Broker> broker, std::shared_ptr<const Clock> clock, std::size_t window);

  /// Blocks while the window is full. `done` runs once, on a thread of the broker or on the caller's.
  void append(const std::string& stream, broker::Append event, std::uint64_t hard_cap, Done done);

  /// Waits until everything handed over so far has ended, or the time is over; true when it has.
  bool flush(std::chrono::steady_clock::time_point until);

 private:
  struct Lane {
    std::vector<broker::Append> events;
    std::vector<Done> waiting;
    std::uint64_t hard_cap = 0;
    bool out = false;
    std::uint64_t handed_over = 0;
    std::uint64_t ended = 0;
  };

  void send(std::unique_lock<std::mutex>& lock, const std::string& stream);
  void ended(const std::string& stream, std::vector<Done> waiting, broker::Result<std::vector<broker::Appended>> result);

  const std::shared_ptr<broker::Broker> broker_;
  const std::shared_ptr<const Clock> clock_;
  const std::size_t window_;
  std::mutex mutex_;  // guards everything below
  std::condition_variable room_;
  std::map<std::string, Lane> lanes_;
  std::size_t on_their_way_ = 0;
  std::size_t blocked_ = 0;   // publishers that wait for room
  std::size_t flushing_ = 0;
};

}  // namespace collective::runtime
