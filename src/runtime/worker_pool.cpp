#include "runtime/worker_pool.hpp"

#include <algorithm>

#include "event/metadata.hpp"
#include "runtime/cause_scope.hpp"

namespace collective::runtime {

WorkerPool::WorkerPool(std::mutex& owner_mutex, std::shared_ptr<void> owner, HandlerContext context, Finished finished)
    : mutex_(owner_mutex), owner_(std::move(owner)), context_(std::move(context)), finished_(std::move(finished)) {}

void WorkerPool::start_threads(std::uint32_t count) {
  threads_.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    threads_.emplace_back([self = shared_from_this()] { self->work(); });
  }
}

void WorkerPool::run(const engine::Start& start) {
  queue_.push_back(start);
  if (sleeping_ > 0) wake_.notify_one();
}

void WorkerPool::ask_to_stop(std::uint32_t slot) {
  for (auto* running : running_) {
    if (running->slot == slot) running->stop.request_stop();
  }
}

void WorkerPool::ask_all_to_stop() {
  for (auto* running : running_) running->stop.request_stop();
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    while (queue_.empty() && !stopping_) {
      ++sleeping_;
      wake_.wait(lock);
      --sleeping_;
    }
    if (queue_.empty()) return;
    const auto start = queue_.front();
    queue_.pop_front();
    Running running{start.slot.index, {}};
    running_.push_back(&running);
    ++busy_;
    lock.unlock();
    auto outcomes = call_handler(*start.work, running.stop);
    lock.lock();
    std::erase(running_, &running);
    finished_(lock, start.slot, std::move(outcomes));
    --busy_;
    if (busy_ == 0 && queue_.empty()) idle_.notify_all();
  }
}

std::vector<Outcome> WorkerPool::call_handler(const std::vector<engine::Work>& work, const std::stop_source& stop) {
  std::vector<Delivery> deliveries;
  std::vector<detail::RawDelivery> raw;
  deliveries.reserve(work.size());
  raw.reserve(work.size());
  const auto began = std::chrono::steady_clock::now();
  for (const auto& piece : work) deliveries.push_back(make_delivery(piece, stop, began + context_.max_handling_time));
  for (std::size_t i = 0; i < work.size(); ++i) {
    raw.push_back({work[i].delivered.entry.id, work[i].delivered.entry.event, &deliveries[i]});
  }
  std::vector<Outcome> outcomes;
  {
    // Events published by a batch handler are caused by its first event: it is one handling.
    const CauseScope scope(&deliveries.front().cause());
    outcomes = context_.handler(raw);
  }
  if (context_.observer) {
    const auto took = std::chrono::steady_clock::now() - began;
    for (std::size_t i = 0; i < work.size(); ++i) {
      static constexpr std::string_view names[] = {"acknowledge", "retry", "dead_letter"};
      context_.observer->handled(context_.stream, context_.group, raw[i].event.type,
                                 names[static_cast<std::size_t>(outcomes[i].kind())], deliveries[i].attempt(), took);
    }
  }
  return outcomes;
}

Delivery WorkerPool::make_delivery(const engine::Work& work, const std::stop_source& stop,
                                   std::chrono::steady_clock::time_point deadline) const {
  const auto& event = work.delivered.entry.event;
  Delivery::State state;
  state.stream = context_.stream;
  state.group = context_.group;
  state.consumer = context_.consumer;
  state.attempt = work.delivered.progress.attempts + 1;
  state.max_attempts = context_.max_attempts;
  state.generation = work.delivered.progress.generation;
  state.deadline = deadline;
  state.stop = stop.get_token();
  state.cause = event::cause_of(event);
  state.publisher = context_.publisher;
  return Delivery(std::move(state));
}

bool WorkerPool::wait_idle(std::unique_lock<std::mutex>& lock, std::chrono::steady_clock::time_point until) {
  return idle_.wait_until(lock, until, [&] { return busy_ == 0 && queue_.empty(); });
}

void WorkerPool::shut_down(std::unique_lock<std::mutex>& lock) {
  stopping_ = true;
  queue_.clear();
  wake_.notify_all();
  auto threads = std::exchange(threads_, {});
  const bool all_end = busy_ == 0;
  lock.unlock();
  for (auto& thread : threads) {
    // A thread in a hung handler, or the one that calls this, cannot be waited for.
    if (all_end && thread.get_id() != std::this_thread::get_id()) {
      thread.join();
    } else {
      thread.detach();
    }
  }
  lock.lock();
}

}  // namespace collective::runtime
