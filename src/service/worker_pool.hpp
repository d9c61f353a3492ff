#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace collective::service {

/// A fixed number of threads for calls that block, with a bounded queue before them.
///
/// Threads: any. Tasks do not throw.
class WorkerPool {
 public:
  using Task = std::function<void()>;

  WorkerPool(std::size_t threads, std::size_t most_queued);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// @return false when the queue is full or the pool stopped; the task is then not run
  [[nodiscard]] bool run(Task task);

  /// Runs what is queued and ends the threads.
  void stop();

  /// How long the oldest queued task has been waiting; 0 when none is.
  [[nodiscard]] std::chrono::steady_clock::duration oldest_wait() const;
  [[nodiscard]] std::size_t busy() const;

 private:
  struct Queued {
    Task task;
    std::chrono::steady_clock::time_point since;
  };
  void work();

  const std::size_t most_queued_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Queued> queue_;  // guarded by mutex_
  std::size_t idle_ = 0;      // guarded by mutex_
  bool stopping_ = false;     // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace collective::service
