#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "engine/member.hpp"
#include "runtime/clock.hpp"
#include "runtime/worker_pool.hpp"

namespace collective::runtime {

/// Drives one engine::Member with threads: one thread keeps time (heartbeats never wait for a handler), the pools run
/// handlers, and the broker's threads bring answers. All of them enter the member under one mutex.
class MemberRunner : public std::enable_shared_from_this<MemberRunner> {
 public:
  MemberRunner(std::shared_ptr<broker::Broker> broker, std::shared_ptr<const Clock> clock,
               std::shared_ptr<Observer> observer, engine::MemberOptions options);
  ~MemberRunner();

  /// Adds a subscription and waits until the group knows its types. False when this member is leaving its group: then
  /// it takes no more.
  /// @throws Error what the broker refuses at once, or Errc::unavailable after the timeout
  [[nodiscard]] bool add(engine::Subscription subscription, HandlerContext context, Millis timeout);

  /// Lets the subscription's handlers finish until `drain` has passed, then asks them to stop and leaves them behind.
  /// The last subscription's end is the member's: what it holds is handed back. Returns true when none is left.
  bool remove(std::uint32_t subscription, Millis drain);

  void pause(std::uint32_t subscription);
  void resume(std::uint32_t subscription);
  [[nodiscard]] bool leaving() const;  ///< its last subscription ends or has ended: it takes no other
  [[nodiscard]] const std::string& consumer() const { return member_.options().dispatch.consumer; }

  struct Health {
    bool hung = false;      ///< every handler is past its max_handling_time
    bool troubled = false;  ///< the broker's last answer was a failure
    engine::Nanos since_progress{};
  };
  [[nodiscard]] Health health() const;

 private:
  void keep_time();
  void pump(std::unique_lock<std::mutex>& lock);
  void perform(std::unique_lock<std::mutex>& lock, engine::Member::Actions actions);
  void report(const std::vector<engine::Notice>& notices);
  void failed(const broker::Failure& failure);
  void begin();
  void leave(std::unique_lock<std::mutex>& lock, std::chrono::steady_clock::time_point until);

  const std::shared_ptr<broker::Broker> broker_;
  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Observer> observer_;

  mutable std::mutex mutex_;  // guards everything below
  engine::Member member_;
  std::map<std::uint32_t, std::shared_ptr<WorkerPool>> pools_;
  std::set<std::uint32_t> ending_;   // of them, those being removed
  std::condition_variable changed_;  // joins, ends, and an earlier timer
  std::optional<engine::Nanos> timer_;
  std::optional<engine::Nanos> asleep_until_;  // when the timekeeper will look by itself
  std::uint64_t failures_ = 0;
  broker::Failure last_failure_;
  bool leaving_ = false;
  bool closing_ = false;
  bool begun_ = false;
  broker::Broker::Watch watch_;
  std::thread timekeeper_;
};

}  // namespace collective::runtime
