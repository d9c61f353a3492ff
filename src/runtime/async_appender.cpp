#include "runtime/async_appender.hpp"

#include <algorithm>

namespace collective::runtime {
namespace {
constexpr std::size_t largest_batch = 1'000;
}

AsyncAppender::AsyncAppender(std::shared_ptr<broker::Broker> broker, std::shared_ptr<const Clock> clock,
                             std::size_t window, Ended ended)
    : broker_(std::move(broker)),
      clock_(std::move(clock)),
      window_(std::max<std::size_t>(window, 1)),
      ended_(std::move(ended)) {}

void AsyncAppender::append(std::string_view stream, const broker::Append& event, std::uint64_t hard_cap,
                           Waiter waiter) {
  std::unique_lock lock(mutex_);
  if (on_their_way_ >= window_) {
    ++blocked_;
    room_.wait(lock, [&] { return on_their_way_ < window_; });
    --blocked_;
  }
  ++on_their_way_;
  auto found = lanes_.find(stream);
  if (found == lanes_.end()) found = lanes_.try_emplace(std::string(stream)).first;
  auto& lane = found->second;
  ++lane.handed_over;
  if (!fits(lane, hard_cap)) {
    lane.queue.emplace_back();
    lane.queue.back().events.stream = found->first;
    lane.queue.back().events.hard_cap = hard_cap;
  }
  auto& batch = lane.queue.back();
  batch.events.add(event.event, event.not_before, event.deduplicate);
  batch.waiters.push_back(std::move(waiter));
  if (!lane.out) send(lock, lane);
}

bool AsyncAppender::fits(const Lane& lane, std::uint64_t hard_cap) {
  return !lane.queue.empty() && lane.queue.back().waiters.size() < largest_batch &&
         lane.queue.back().events.hard_cap == hard_cap;
}

void AsyncAppender::send(std::unique_lock<std::mutex>& lock, Lane& lane) {
  auto batch = std::move(lane.queue.front());
  lane.queue.pop_front();
  lane.out = true;
  lock.unlock();
  batch.events.now = clock_->now().wall;
  // The list of waiters travels in a shared pointer, since std::function copies what it holds.
  auto waiters = std::make_shared<const std::vector<Waiter>>(std::move(batch.waiters));
  auto stream = batch.events.stream;
  broker_->append(std::move(batch.events), [self = shared_from_this(), &lane, stream = std::move(stream), waiters](
                                               const auto& result) { self->ended(lane, stream, *waiters, result); });
  lock.lock();
}

void AsyncAppender::ended(Lane& lane, const std::string& stream, const std::vector<Waiter>& waiters,
                          const broker::Result<std::vector<broker::Appended>>& result) {
  for (std::size_t i = 0; i < waiters.size(); ++i) {
    if (result) {
      ended_(stream, waiters[i], (*result)[i]);
    } else {
      ended_(stream, waiters[i], result.error());
    }
  }
  std::unique_lock lock(mutex_);
  on_their_way_ -= waiters.size();
  lane.ended += waiters.size();
  lane.out = false;
  if (!lane.queue.empty()) send(lock, lane);
  // Waking a blocked publisher for each free place would cost a switch per event: wait until half the window is free.
  if ((blocked_ > 0 && on_their_way_ <= window_ / 2) || flushing_ > 0) room_.notify_all();
}

bool AsyncAppender::flush(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(mutex_);
  std::map<std::string, std::uint64_t> so_far;
  for (const auto& [stream, lane] : lanes_) so_far[stream] = lane.handed_over;
  ++flushing_;
  const bool ended = room_.wait_until(lock, until, [&] {
    return std::all_of(so_far.begin(), so_far.end(),
                       [&](const auto& lane) { return lanes_.at(lane.first).ended >= lane.second; });
  });
  --flushing_;
  return ended;
}

}  // namespace collective::runtime
