#include "service/worker_pool.hpp"

namespace collective::service {

WorkerPool::WorkerPool(std::size_t threads, std::size_t most_queued) : most_queued_(most_queued), idle_(threads) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() {
  stop();
}

bool WorkerPool::run(Task task) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || queue_.size() >= most_queued_ + idle_) return false;
  queue_.push_back({std::move(task), std::chrono::steady_clock::now()});
  wake_.notify_one();
  return true;
}

void WorkerPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::chrono::steady_clock::duration WorkerPool::oldest_wait() const {
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) return {};
  return std::chrono::steady_clock::now() - queue_.front().since;
}

std::size_t WorkerPool::busy() const {
  const std::lock_guard lock(mutex_);
  return threads_.size() - idle_;
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    auto task = std::move(queue_.front().task);
    queue_.pop_front();
    --idle_;
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
    ++idle_;
  }
}

}  // namespace collective::service
