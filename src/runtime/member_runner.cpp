#include "runtime/member_runner.hpp"

#include <random>

#include "collective/error.hpp"

namespace collective::runtime {
namespace {

engine::Uniform random_numbers() {
  return [generator = std::mt19937_64(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
  };
}

// No use in trying again: somebody has to change something first.
bool is_final(Errc code) {
  return code == Errc::permission || code == Errc::corrupt || code == Errc::incompatible || code == Errc::invalid;
}

}  // namespace

MemberRunner::MemberRunner(std::shared_ptr<broker::Broker> broker, std::shared_ptr<const Clock> clock,
                           std::shared_ptr<Observer> observer, engine::MemberOptions options)
    : broker_(std::move(broker)),
      clock_(std::move(clock)),
      observer_(std::move(observer)),
      member_(std::move(options), random_numbers()) {}

MemberRunner::~MemberRunner() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    changed_.notify_all();
  }
  if (!timekeeper_.joinable()) return;
  if (timekeeper_.get_id() == std::this_thread::get_id()) {
    timekeeper_.detach();
  } else {
    timekeeper_.join();
  }
}

void MemberRunner::begin() {
  begun_ = true;
  const std::weak_ptr<MemberRunner> weak = weak_from_this();
  watch_ = broker_->watch(member_.options().key.stream, [weak] {
    if (const auto self = weak.lock()) {
      std::unique_lock lock(self->mutex_);
      self->member_.news();
      self->pump(lock);
    }
  });
  timekeeper_ = std::thread([this] { keep_time(); });
}

bool MemberRunner::add(engine::Subscription subscription, HandlerContext context, Millis timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  std::unique_lock lock(mutex_);
  if (leaving_) return false;
  const auto id = subscription.id;
  const auto concurrency = subscription.concurrency;
  auto pool = std::make_shared<WorkerPool>(
      mutex_, shared_from_this(), std::move(context),
      [this](std::unique_lock<std::mutex>& held, engine::SlotId slot, std::vector<Outcome> outcomes) {
        const auto now = clock_->now();
        member_.finished(now, slot, std::move(outcomes));
        perform(held, member_.poll(now));
      });
  pool->start_threads(concurrency);
  pools_.emplace(id, pool);
  member_.add(std::move(subscription));
  if (!begun_) begin();
  const auto failures = failures_;
  pump(lock);
  const bool ended = changed_.wait_until(
      lock, until, [&] { return member_.declared() || (failures_ > failures && is_final(last_failure_.code)); });
  if (member_.declared()) return true;
  const auto failure = last_failure_;
  const bool any_failure = failures_ > failures;
  lock.unlock();
  remove(id, Millis(0));
  const auto& group = member_.options().key;
  const auto what = "cannot join group \"" + group.group + "\" of stream \"" + group.stream + "\": ";
  if (ended || any_failure)
    throw Error(is_final(failure.code) ? failure.code : Errc::unavailable, what + failure.message);
  throw Error(Errc::unavailable, what + "the broker did not answer within " + std::to_string(timeout.count()) + " ms");
}

bool MemberRunner::remove(std::uint32_t subscription, Millis drain) {
  const auto until = std::chrono::steady_clock::now() + drain;
  const auto self = shared_from_this();  // threads left behind must not end this object in the middle
  std::unique_lock lock(mutex_);
  const auto found = pools_.find(subscription);
  if (found == pools_.end()) return pools_.empty();
  const auto pool = found->second;
  ending_.insert(subscription);
  const bool last = ending_.size() == pools_.size();  // the others are ending, too
  if (last) {
    leaving_ = true;
    member_.drain();
  } else {
    member_.remove(subscription);
  }
  pump(lock);
  if (!pool->wait_idle(lock, until)) {
    pool->ask_all_to_stop();
    pool->wait_idle(lock, std::chrono::steady_clock::now() + Millis(100));
  }
  if (last) leave(lock, until);
  pool->shut_down(lock);
  pools_.erase(subscription);
  ending_.erase(subscription);
  return pools_.empty();
}

void MemberRunner::leave(std::unique_lock<std::mutex>& lock, std::chrono::steady_clock::time_point until) {
  // Even a drain of zero gives the broker a moment to take the outcomes and the farewell.
  const auto end = std::max(until, std::chrono::steady_clock::now() + Millis(1'000));
  member_.leave_now();
  pump(lock);
  changed_.wait_until(lock, end, [&] { return member_.done(); });
  watch_.reset();
  closing_ = true;
  changed_.notify_all();
}

void MemberRunner::pause(std::uint32_t subscription) {
  std::unique_lock lock(mutex_);
  member_.pause(subscription);
  pump(lock);
}

void MemberRunner::resume(std::uint32_t subscription) {
  std::unique_lock lock(mutex_);
  member_.resume(subscription);
  pump(lock);
}

bool MemberRunner::leaving() const {
  const std::lock_guard lock(mutex_);
  return leaving_;
}

MemberRunner::Health MemberRunner::health() const {
  const std::lock_guard lock(mutex_);
  return {member_.all_hung(), member_.troubled(), clock_->now().mono - member_.last_progress()};
}

void MemberRunner::keep_time() {
  std::unique_lock lock(mutex_);
  while (!closing_) {
    asleep_until_ = timer_.value_or(engine::Nanos::max());
    if (!timer_) {
      changed_.wait(lock);
      continue;
    }
    const auto wait = *timer_ - clock_->now().mono;
    if (wait > engine::Nanos::zero() && changed_.wait_for(lock, wait) == std::cv_status::no_timeout) continue;
    asleep_until_.reset();
    if (!closing_) pump(lock);
  }
}

// Asks the member what to do and does it. Answers that the broker gives at once come back in here before `perform` ends.
void MemberRunner::pump(std::unique_lock<std::mutex>& lock) {
  perform(lock, member_.poll(clock_->now()));
}

void MemberRunner::perform(std::unique_lock<std::mutex>& lock, engine::Member::Actions actions) {
  for (const auto& start : actions.starts) pools_.at(start.slot.subscription)->run(start);
  for (const auto& slot : actions.stops) {
    const auto pool = pools_.find(slot.subscription);  // gone when its handler was left behind
    if (pool != pools_.end()) pool->second->ask_to_stop(slot.index);
  }
  timer_ = actions.timer;
  const bool too_late = timer_ && asleep_until_ && *timer_ < *asleep_until_;
  if (too_late || member_.done()) changed_.notify_all();

  const bool calls = actions.join || actions.exchange || actions.leave || !actions.notices.empty();
  if (!calls) return;
  lock.unlock();
  report(actions.notices);
  const std::weak_ptr<MemberRunner> weak = weak_from_this();
  if (actions.join) {
    broker_->join(std::move(*actions.join), [weak](broker::Result<EntryId> reply) {
      const auto self = weak.lock();
      if (!self) return;
      if (!reply) return self->failed(reply.error());
      std::unique_lock held(self->mutex_);
      self->member_.joined(self->clock_->now(), *reply);
      self->changed_.notify_all();
      self->pump(held);
    });
  }
  if (actions.exchange) {
    broker_->exchange(std::move(*actions.exchange), [weak](broker::Result<broker::Exchanged> reply) {
      const auto self = weak.lock();
      if (!self) return;
      if (!reply) return self->failed(reply.error());
      std::unique_lock held(self->mutex_);
      self->member_.exchanged(self->clock_->now(), std::move(*reply));
      self->pump(held);
    });
  }
  if (actions.leave) {
    const auto& options = member_.options();
    broker_->leave(options.key, options.member, clock_->now().wall, [weak](broker::Result<bool>) {
      const auto self = weak.lock();
      if (!self) return;
      std::unique_lock held(self->mutex_);
      self->member_.left();  // also when it failed: the lease's end does the same, only later
      self->changed_.notify_all();
      self->pump(held);
    });
  }
  lock.lock();
}

void MemberRunner::failed(const broker::Failure& failure) {
  std::unique_lock lock(mutex_);
  const bool first = !member_.troubled();
  member_.failed(clock_->now(), failure);
  ++failures_;
  last_failure_ = failure;
  changed_.notify_all();
  if (first) {
    lock.unlock();
    report({{Severity::warning, true, Alarm::broker_trouble, failure.message + "; trying again"}});
    lock.lock();
  }
  pump(lock);
}

void MemberRunner::report(const std::vector<engine::Notice>& notices) {
  if (!observer_) return;
  const auto& key = member_.options().key;
  for (const auto& notice : notices) {
    if (notice.is_alarm) observer_->alarm(notice.alarm, key.stream, key.group, notice.text);
    observer_->log(notice.severity, "stream " + key.stream + ", group " + key.group + ": " + notice.text);
  }
}

}  // namespace collective::runtime
