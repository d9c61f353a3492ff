#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "collective/handler.hpp"

#include "engine/work.hpp"

namespace collective::runtime {

/// What a pool's workers need to run a handler: constant while the pool lives.
struct HandlerContext {
  std::string stream, group, consumer;
  std::uint32_t max_attempts = 3;
  Millis max_handling_time{300'000};
  detail::RawHandler handler;
  std::shared_ptr<detail::Publisher> publisher;
  std::shared_ptr<Observer> observer;
};

/// The threads of one subscription. They run handlers and report outcomes; they decide nothing.
///
/// The pool shares its owner's mutex, so that a worker that ends one handler learns of the next without a switch of
/// threads. Threads keep the pool alive: one that hangs in a handler is left behind at the end, not waited for.
class WorkerPool : public std::enable_shared_from_this<WorkerPool> {
 public:
  /// Called with the owner's mutex held when a handler ended; may call `run` again.
  using Finished = std::function<void(std::unique_lock<std::mutex>&, engine::SlotId, std::vector<Outcome>)>;

  WorkerPool(std::mutex& owner_mutex, std::shared_ptr<void> owner, HandlerContext context, Finished finished);
  void start_threads(std::uint32_t count);

  // All with the owner's mutex held.
  void run(const engine::Start& start);  ///< a free worker takes it, or the calling one next
  void ask_to_stop(std::uint32_t slot);  ///< triggers the stop token of what runs in the slot
  void ask_all_to_stop();
  [[nodiscard]] std::size_t busy() const { return busy_ + queue_.size(); }

  /// Ends the threads that are idle or become so; those still in a handler after this go on alone.
  void shut_down(std::unique_lock<std::mutex>& lock);
  /// Waits until no handler runs, or the time is over. True when none runs.
  bool wait_idle(std::unique_lock<std::mutex>& lock, std::chrono::steady_clock::time_point until);

 private:
  struct Running {
    std::uint32_t slot = 0;
    std::stop_source stop;
  };

  void work();
  std::vector<Outcome> call_handler(const std::vector<engine::Work>& work, const std::stop_source& stop);
  [[nodiscard]] Delivery make_delivery(const engine::Work& work, const std::stop_source& stop,
                                       std::chrono::steady_clock::time_point deadline) const;

  std::mutex& mutex_;            // the owner's; guards everything below
  std::shared_ptr<void> owner_;  // a thread left behind in a handler still reports to it
  const HandlerContext context_;
  const Finished finished_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::deque<engine::Start> queue_;
  std::vector<Running*> running_;
  std::vector<std::thread> threads_;
  std::size_t sleeping_ = 0;
  std::size_t busy_ = 0;
  std::size_t alive_ = 0;
  bool stopping_ = false;
};

}  // namespace collective::runtime
