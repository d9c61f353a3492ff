#include "runtime/async_appender.hpp"

#include <algorithm>

namespace collective::runtime {
namespace {
constexpr std::size_t largest_batch = 1'000;
}

AsyncAppender::AsyncAppender(std::shared_ptr<broker::Broker> broker, std::shared_ptr<const Clock> clock, std::size_t window)
    : broker_(std::move(broker)), clock_(std::move(clock)), window_(std::max<std::size_t>(window, 1)) {}

void AsyncAppender::append(const std::string& stream, broker::Append event, std::uint64_t hard_cap, Done done) {
  std::unique_lock lock(mutex_);
  if (on_their_way_ >= window_) {
    ++blocked_;
    room_.wait(lock, [&] { return on_their_way_ < window_; });
    --blocked_;
  }
  ++on_their_way_;
  auto& lane = lanes_[stream];
  ++lane.handed_over;
  if (lane.hard_cap != hard_cap && !lane.out) lane.hard_cap = hard_cap;
  lane.events.push_back(std::move(event));
  lane.waiting.push_back(std::move(done));
  if (!lane.out) send(lock, stream);
}

void AsyncAppender::send(std::unique_lock<std::mutex>& lock, const std::string& stream) {
  auto& lane = lanes_[stream];
  broker::AppendBatch batch{.stream = stream, .now = clock_->now().wall, .hard_cap = lane.hard_cap};
  std::vector<Done> waiting;
  const auto count = std::min(lane.events.size(), largest_batch);
  if (count == lane.events.size()) {
    batch.events.swap(lane.events);
    waiting.swap(lane.waiting);
  } else {
    const auto n = static_cast<std::ptrdiff_t>(count);
    batch.events.assign(std::make_move_iterator(lane.events.begin()), std::make_move_iterator(lane.events.begin() + n));
    waiting.assign(std::make_move_iterator(lane.waiting.begin()), std::make_move_iterator(lane.waiting.begin() + n));
    lane.events.erase(lane.events.begin(), lane.events.begin() + n);
    lane.waiting.erase(lane.waiting.begin(), lane.waiting.begin() + n);
  }
  lane.out = true;
  lock.unlock();
  // The list of waiters travels in a shared pointer, since std::function copies what it holds.
  auto shared = std::make_shared<std::vector<Done>>(std::move(waiting));
  broker_->append(std::move(batch), [self = shared_from_this(), stream, shared](auto result) {
    self->ended(stream, std::move(*shared), std::move(result));
  });
  lock.lock();
}

void AsyncAppender::ended(const std::string& stream, std::vector<Done> waiting,
                          broker::Result<std::vector<broker::Appended>> result) {
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (result) {
      waiting[i]((*result)[i]);
    } else {
      waiting[i](result.error());
    }
  }
  std::unique_lock lock(mutex_);
  on_their_way_ -= waiting.size();
  auto& lane = lanes_[stream];
  lane.ended += waiting.size();
  lane.out = false;
  if (!lane.events.empty()) send(lock, stream);
  // Waking a blocked publisher for each free place would cost a switch per event: wait until half the window is free.
  if ((blocked_ > 0 && on_their_way_ <= window_ / 2) || flushing_ > 0) room_.notify_all();
}

bool AsyncAppender::flush(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(mutex_);
  std::map<std::string, std::uint64_t> so_far;
  for (const auto& [stream, lane] : lanes_) so_far[stream] = lane.handed_over;
  ++flushing_;
  const bool ended = room_.wait_until(lock, until, [&] {
    return std::all_of(so_far.begin(), so_far.end(), [&](const auto& lane) { return lanes_[lane.first].ended >= lane.second; });
  });
  --flushing_;
  return ended;
}

}  // namespace collective::runtime
