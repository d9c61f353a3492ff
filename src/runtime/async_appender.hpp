#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "collective/client.hpp"

#include "broker/contract.hpp"
#include "runtime/clock.hpp"

namespace collective::runtime {

/// Carries events to the broker in the order of each stream, with a bounded number on their way. Per stream one batch
/// is out at a time; what is handed over meanwhile makes the next one, so that batches grow with the load. One that does
/// not fit into the store goes in halves, until only the events are refused that do not fit. Thread-safe.
class AsyncAppender : public std::enable_shared_from_this<AsyncAppender> {
 public:
  /// Who hears how an event ended.
  struct Waiter {
    PublishCallback done{};  ///< null: nobody
    std::string event_id{};
    std::string correlation_id{};  ///< by which a wait looks back to it
    bool repeated = false;         ///< its outcome was unknown before
    std::chrono::steady_clock::time_point began{};
  };
  /// Called once for each event, on a thread of the broker or of a caller of `append`; must not throw.
  using Ended = std::function<void(const std::string& stream, const Waiter&, const broker::Result<broker::Appended>&)>;

  AsyncAppender(std::shared_ptr<broker::Broker> broker, std::shared_ptr<const Clock> clock, std::size_t window,
                Ended ended);

  /// Copies the event. Blocks while the window is full; in a callback it does not. @throws Error Errc::deadlock there
  void append(std::string_view stream, const broker::Append& event, std::uint64_t hard_cap, Waiter waiter);

  /// Waits until everything handed over so far has ended, or the time is over; true when it has.
  bool flush(std::chrono::steady_clock::time_point until);

 private:
  struct Batch {
    broker::AppendBatch events;
    std::vector<Waiter> waiters;
  };
  struct Lane {
    std::deque<Batch> queue;  ///< the last one is being filled
    bool out = false;         ///< a batch is with the broker, or its callbacks run
    bool sending = false;     ///< a thread is in `send`
    std::uint64_t handed_over = 0;
    std::uint64_t ended = 0;
  };

  static bool fits(const Lane& lane, const broker::Append& event, std::uint64_t hard_cap);
  void make_room(std::unique_lock<std::mutex>& lock);
  void send(std::unique_lock<std::mutex>& lock, Lane& lane);
  void hand_over(Lane& lane, Batch batch);
  void answered(Lane& lane, Batch& batch, const broker::Result<std::vector<broker::Appended>>& result);
  static void halve(Lane& lane, Batch batch);
  void end(Lane& lane, const Batch& batch, const broker::Result<std::vector<broker::Appended>>& result);

  const std::shared_ptr<broker::Broker> broker_;
  const std::shared_ptr<const Clock> clock_;
  const std::size_t window_;
  const Ended ended_;
  std::mutex mutex_;  // guards everything below
  std::condition_variable room_;
  std::map<std::string, Lane, std::less<>> lanes_;  // never erased: lanes are referred to
  std::size_t on_their_way_ = 0;
  std::size_t blocked_ = 0;  // publishers that wait for room
  std::size_t flushing_ = 0;
};

}  // namespace collective::runtime
