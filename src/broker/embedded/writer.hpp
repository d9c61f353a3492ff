#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "broker/embedded/environment.hpp"
#include "broker/embedded/operation.hpp"

namespace collective::embedded {

/// The one thread of this process that writes to a store: it waits for LMDB's lock, then takes whatever has queued up
/// into one transaction (group commit), and answers after the commit. A second thread, the minder, flushes what a
/// commit left to the operating system, ends what waits too long, and frees what dead readers hold; it sleeps while
/// nothing happens.
///
/// Threads: `submit`, `give_up` and `stop` from any. Answers come from the writer's thread, or from the minder's.
/// Lifetime: both threads keep it alive. One that hangs in LMDB, because a stopped process holds the lock, is left behind.
class Writer : public std::enable_shared_from_this<Writer> {
 public:
  explicit Writer(std::shared_ptr<Environment> environment) : environment_(std::move(environment)) {}
  void start();

  void submit(std::shared_ptr<Operation> operation);
  /// Waits until the owner has nothing under way. False at the deadline.
  bool drain(const void* owner, Operation::Clock::time_point deadline);
  /// Ends everything the owner has under way: Errc::unknown where it may be applied.
  void give_up(const void* owner);
  /// Stops both threads. False when the writer's did not end by the deadline and was left behind.
  bool stop(Operation::Clock::time_point deadline);

  [[nodiscard]] Environment& environment() { return *environment_; }

 private:
  using Clock = Operation::Clock;
  using Batch = std::vector<std::shared_ptr<Operation>>;

  void write_loop();
  void write_once();
  Batch take();
  void commit(const Batch& batch, Environment::WriteTransaction& transaction);
  void commit(const Unit& unit, Environment::WriteTransaction& transaction);
  void one_by_one(const Batch& batch);
  void refuse_queue(const broker::Failure& failure);
  void done();
  [[nodiscard]] broker::Failure failure_of(const std::exception& fault) const;
  [[nodiscard]] bool on_own_thread() const;

  void mind_loop();
  void mind(std::unique_lock<std::mutex>& lock);
  Batch overdue(Clock::time_point now);
  [[nodiscard]] bool quiet() const;
  void wake_minder();

  const std::shared_ptr<Environment> environment_;
  std::mutex mutex_;
  std::condition_variable queued_;   ///< something was queued, or stopping_
  std::condition_variable settled_;  ///< something was answered, or a thread ended
  std::condition_variable minder_wakes_;
  std::deque<std::shared_ptr<Operation>> queue_;  ///< guarded by mutex_
  Batch taken_;                                   ///< in the running transaction; guarded by mutex_
  bool stopping_ = false;                         ///< guarded by mutex_
  bool writer_ended_ = false;                     ///< guarded by mutex_
  bool minder_ended_ = false;                     ///< guarded by mutex_
  bool minder_sleeps_ = false;                    ///< guarded by mutex_
  bool unflushed_ = false;                        ///< a commit's last page is not on disk yet; guarded by mutex_
  Clock::time_point last_commit_{};               ///< guarded by mutex_
  Clock::time_point last_reap_ = Clock::now();    ///< only the minder uses it
  std::thread writer_;
  std::thread minder_;
};

}  // namespace collective::embedded
