#include "runtime/async_appender.hpp"

#include <algorithm>
#include <iterator>

#include "runtime/callback_scope.hpp"

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
  make_room(lock);
  ++on_their_way_;
  auto found = lanes_.find(stream);
  if (found == lanes_.end()) found = lanes_.try_emplace(std::string(stream)).first;
  auto& lane = found->second;
  ++lane.handed_over;
  if (!fits(lane, event, hard_cap)) {
    lane.queue.emplace_back();
    lane.queue.back().events.stream = found->first;
    lane.queue.back().events.hard_cap = hard_cap;
  }
  auto& batch = lane.queue.back();
  batch.events.add(event.event, event.not_before, event.deduplicate, event.look_back);
  batch.waiters.push_back(std::move(waiter));
  send(lock, lane);
}

// An event that was published before goes alone: where nobody can tell what became of it, its batch is refused.
bool AsyncAppender::fits(const Lane& lane, const broker::Append& event, std::uint64_t hard_cap) {
  if (event.look_back || lane.queue.empty()) return false;
  const auto& last = lane.queue.back();
  return last.waiters.size() < largest_batch && last.events.hard_cap == hard_cap && !last.waiters.back().repeated;
}

// Waits for it, but for the thread that makes room. Those that wait are woken when half the window is free: waking one for
// each free place would cost a switch per event.
void AsyncAppender::make_room(std::unique_lock<std::mutex>& lock) {
  if (on_their_way_ < window_) return;
  refuse_in_callback("publish_async with " + std::to_string(window_) +
                     " events on their way, as Options::window allows");
  ++blocked_;
  room_.wait(lock, [&] { return on_their_way_ < window_; });
  --blocked_;
}

// A broker may answer at once: then the next batch is sent by this loop, not by the answer, whatever the queue's length.
void AsyncAppender::send(std::unique_lock<std::mutex>& lock, Lane& lane) {
  if (lane.sending) return;
  lane.sending = true;
  while (!lane.out && !lane.queue.empty()) {
    auto batch = std::move(lane.queue.front());
    lane.queue.pop_front();
    lane.out = true;
    lock.unlock();
    hand_over(lane, std::move(batch));
    lock.lock();
  }
  lane.sending = false;
}

void AsyncAppender::hand_over(Lane& lane, Batch batch) {
  batch.events.now = clock_->now().wall;
  // In a shared pointer, since std::function copies what it holds.
  const auto sent = std::make_shared<Batch>(std::move(batch));
  broker_->append(sent->events, [self = shared_from_this(), &lane, sent](const auto& result) {
    self->answered(lane, *sent, result);
  });
}

void AsyncAppender::answered(Lane& lane, Batch& batch, const broker::Result<std::vector<broker::Appended>>& result) {
  const bool too_much = !result && result.error().code == Errc::full && batch.waiters.size() > 1;
  if (!too_much) end(lane, batch, result);
  std::unique_lock lock(mutex_);
  if (too_much) halve(lane, std::move(batch));
  lane.out = false;
  send(lock, lane);
}

// The halves go before everything else, so that the order stays.
void AsyncAppender::halve(Lane& lane, Batch batch) {
  auto& waiters = batch.waiters;
  const auto half = waiters.size() / 2;
  const auto middle = waiters.begin() + static_cast<std::ptrdiff_t>(half);
  Batch second{batch.events.part(half, waiters.size() - half), {}};
  std::move(middle, waiters.end(), std::back_inserter(second.waiters));
  waiters.erase(middle, waiters.end());
  batch.events = batch.events.part(0, half);
  lane.queue.push_front(std::move(second));
  lane.queue.push_front(std::move(batch));
}

void AsyncAppender::end(Lane& lane, const Batch& batch, const broker::Result<std::vector<broker::Appended>>& result) {
  const auto& waiters = batch.waiters;
  {
    const std::lock_guard lock(mutex_);
    on_their_way_ -= waiters.size();  // before the callbacks, which may publish the next ones
    if (blocked_ > 0 && on_their_way_ <= window_ / 2) room_.notify_all();
  }
  for (std::size_t i = 0; i < waiters.size(); ++i) {
    if (result) {
      ended_(batch.events.stream, waiters[i], (*result)[i]);
    } else {
      ended_(batch.events.stream, waiters[i], result.error());
    }
  }
  const std::lock_guard lock(mutex_);
  lane.ended += waiters.size();
  if (flushing_ > 0) room_.notify_all();
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
