#include "runtime/upkeeper.hpp"

#include <algorithm>
#include <utility>

#include "collective/retry.hpp"

#include "runtime/await.hpp"

namespace collective::runtime {
namespace {

constexpr auto trim_pause = std::chrono::seconds(1);
constexpr auto check_pause = std::chrono::seconds(10);
constexpr auto patience = std::chrono::seconds(10);

}  // namespace

Upkeeper::Upkeeper(broker::Store store, std::shared_ptr<const Clock> clock, std::shared_ptr<Observer> observer)
    : store_(std::move(store)), clock_(std::move(clock)), observer_(std::move(observer)) {
  thread_ = std::thread([this] { run(); });
}

Upkeeper::~Upkeeper() {
  close();
}

void Upkeeper::look_after(std::string_view stream) {
  const std::lock_guard lock(mutex_);
  if (streams_.contains(stream)) return;
  auto& added = streams_[std::string(stream)];
  const auto now = clock_->now();
  added.next_trim = now.mono + trim_pause;
  added.next_check = now.mono + check_pause;
  added.next_delayed = now.wall;  // an earlier process may have left delayed events
  wake_.notify_one();
}

void Upkeeper::set_retention(const std::string& stream, const broker::Retention& retention) {
  look_after(stream);
  const std::lock_guard lock(mutex_);
  streams_[stream].retention = retention;
}

void Upkeeper::delayed_until(const std::string& stream, Timestamp due) {
  look_after(stream);
  const std::lock_guard lock(mutex_);
  auto& next = streams_[stream].next_delayed;
  if (!next || due < *next) next = due;
  wake_.notify_one();
}

void Upkeeper::close() {
  stop_.request_stop();
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

engine::Nanos Upkeeper::due(const Stream& stream, const engine::Now& now) const {
  auto next = std::min(stream.next_trim, stream.next_check);
  if (stream.next_delayed) next = std::min<engine::Nanos>(next, now.mono + (*stream.next_delayed - now.wall));
  return next;
}

void Upkeeper::run() {
  std::unique_lock lock(mutex_);
  while (!closing_) {
    const auto now = clock_->now();
    const auto next = std::min_element(streams_.begin(), streams_.end(), [&](const auto& a, const auto& b) {
      return due(a.second, now) < due(b.second, now);
    });
    if (next == streams_.end()) {
      wake_.wait(lock);
    } else if (const auto wait = due(next->second, now) - now.mono; wait > engine::Nanos::zero()) {
      wake_.wait_for(lock, wait);
    } else {
      tend(lock, std::string(next->first));
    }
  }
}

void Upkeeper::tend(std::unique_lock<std::mutex>& lock, const std::string& name) {
  auto& stream = streams_[name];  // a map's elements stay where they are, and none is ever removed
  const auto now = clock_->now();
  if (now.mono >= stream.next_check) return check_groups(lock, name);
  broker::Upkeep step{.stream = name, .now = now.wall, .retention = stream.retention};
  const bool trims = now.mono >= stream.next_trim;
  step.trim = trims;
  stream.next_delayed.reset();
  lock.unlock();
  auto report =
      await<broker::UpkeepReport>([&](auto reply) { store_.broker->upkeep(std::move(step), std::move(reply)); },
                                  patience, true, "upkeep", stop_.get_token());
  lock.lock();
  if (trims) stream.next_trim = clock_->now().mono + (report && report->more ? engine::Nanos(Millis(20)) : trim_pause);
  if (!report && closing_) return;
  if (!report) {
    const auto retry = now.wall + Millis(1'000);
    if (!stream.next_delayed || retry < *stream.next_delayed) stream.next_delayed = retry;
    if (std::exchange(stream.troubled, true)) return;  // told already
    lock.unlock();
    tell(Alarm::broker_trouble, name, "", "upkeep failed, and is tried every second: " + report.error().message);
    lock.lock();
    return;
  }
  stream.troubled = false;
  if (report->next_delayed && (!stream.next_delayed || *report->next_delayed < *stream.next_delayed)) {
    stream.next_delayed = report->next_delayed;
  }
  // Due and yet not promoted: whatever keeps the store from it will not be gone at once.
  if (report->promoted == 0 && stream.next_delayed && *stream.next_delayed <= now.wall)
    stream.next_delayed = now.wall + Millis(1'000);
  lock.unlock();
  for (const auto& loss : report->lost) {
    tell(Alarm::events_lost, name, loss.group,
         std::to_string(loss.entries) + " events were dropped before the group handled them");
  }
  for (const auto& loss : report->dropped_dead_letters) {
    tell(Alarm::dead_letters_lost, name, loss.group,
         std::to_string(loss.entries) + " dead letters were dropped by their cap or age");
  }
  lock.lock();
}

void Upkeeper::check_groups(std::unique_lock<std::mutex>& lock, const std::string& name) {
  auto& stream = streams_[name];
  stream.next_check = clock_->now().mono + check_pause;
  lock.unlock();
  const auto groups = await<std::vector<broker::GroupInfo>>(
      [&](auto reply) { store_.admin->groups(name, clock_->now().wall, std::move(reply)); }, patience, false, "groups",
      stop_.get_token());
  lock.lock();
  if (!groups) return;
  for (const auto& group : *groups) {
    for (const auto& route : group.routes) {
      auto& told = stream.unowned_told[group.name + " " + route.route];
      const bool unowned = !route.live && route.waiting > 0;
      if (unowned && !told) {
        lock.unlock();
        tell(Alarm::unowned_type, name, group.name,
             std::to_string(route.waiting) + " events of type " + route.route +
                 " wait and no live member handles them: start one, or take the type from the group with forget");
        lock.lock();
      }
      told = unowned;
    }
  }
}

void Upkeeper::tell(Alarm alarm, const std::string& stream, const std::string& group, const std::string& text) {
  if (!observer_) return;
  observer_->alarm(alarm, stream, group, text);
  observer_->log(Severity::warning, "stream " + stream + (group.empty() ? "" : ", group " + group) + ": " + text);
}

}  // namespace collective::runtime
