#include "engine/dispatcher.hpp"

#include <algorithm>

#include "engine/attempt_history.hpp"
#include "engine/backoff.hpp"
#include "event/metadata.hpp"

namespace collective::engine {
namespace {

using Verdict = broker::Settlement::Verdict;

std::string describe(const Work& work) {
  const auto& event = work.delivered.entry.event;
  return std::string(event.type) + " " + std::string(event.id) + " (entry " + work.delivered.entry.id.to_string() + ")";
}

std::string never_ended(std::uint32_t stalls) {
  return "handling never ended: " + std::to_string(stalls) +
         " times the process stopped, lost its lease or ran out of time";
}

std::chrono::microseconds micros(Nanos took) {
  return std::chrono::duration_cast<std::chrono::microseconds>(took);
}

}  // namespace

Dispatcher::Dispatcher(DispatchOptions options, Uniform uniform)
    : options_(std::move(options)),
      uniform_(std::move(uniform)),
      backlog_(options_.ordering == Ordering::none ? make_unordered_backlog() : make_ordered_backlog()),
      breaker_(options_.breaker) {}

void Dispatcher::add(Subscription subscription) {
  subscription.max_handling_time = bounded(subscription.max_handling_time);
  subscription.batch_wait = bounded(subscription.batch_wait);
  Active active;
  active.slots.resize(subscription.concurrency);
  for (std::uint32_t i = subscription.concurrency; i-- > 0;) active.free.push_back(i);
  const auto id = subscription.id;
  active.subscription = std::move(subscription);
  subscriptions_.emplace(id, std::move(active));
}

void Dispatcher::remove(std::uint32_t subscription) {
  const auto found = subscriptions_.find(subscription);
  if (found == subscriptions_.end()) return;
  give_back(backlog_->clear(subscription));
  found->second.removed = true;
  if (found->second.free.size() == found->second.slots.size()) subscriptions_.erase(found);
}

void Dispatcher::pause(std::uint32_t subscription) {
  const auto found = subscriptions_.find(subscription);
  if (found == subscriptions_.end()) return;
  found->second.paused = true;
  give_back(backlog_->clear(subscription));
}

void Dispatcher::resume(std::uint32_t subscription) {
  const auto found = subscriptions_.find(subscription);
  if (found != subscriptions_.end()) found->second.paused = false;
}

Dispatcher::Active* Dispatcher::find_for(const broker::Delivered& delivered, bool& newer_version) {
  const auto& event = delivered.entry.event;
  Active* best = nullptr;
  bool best_full = true;
  newer_version = false;
  for (auto& [id, active] : subscriptions_) {
    if (!active.takes()) continue;
    const auto waiting = backlog_->waiting(id);
    const bool full = waiting >= window(active);
    for (const auto& route : active.subscription.routes) {
      if (route.type != "*" && route.type != event.type) continue;
      if (route.type != "*" && event.version > route.version) {
        newer_version = true;
        continue;
      }
      // Several subscriptions of one type share its events: of those with room, the one with the shortest queue for its
      // size takes it.
      const bool shorter = best != nullptr && waiting * best->slots.size() <
                                                  backlog_->waiting(best->subscription.id) * active.slots.size();
      if (best == nullptr || (full == best_full ? shorter : best_full)) {
        best = &active;
        best_full = full;
      }
    }
  }
  if (best != nullptr) newer_version = false;
  return best;
}

void Dispatcher::arrive(const Now& now, std::vector<broker::Delivered> deliveries, const broker::Storage& storage) {
  for (auto& delivered : deliveries) admit(now, std::move(delivered), storage);
}

void Dispatcher::admit(const Now& now, broker::Delivered delivered, const broker::Storage& storage) {
  Work work{std::move(delivered), storage, 0, now.mono, {}};
  auto& progress = work.delivered.progress;
  if (!work.delivered.entry.defect.empty()) {
    return dead_letter(work, progress, "the stored entry cannot be read: " + std::string(work.delivered.entry.defect));
  }
  bool newer_version = false;
  Active* active = find_for(work.delivered, newer_version);
  if (newer_version) {
    progress.route = versioned(work.delivered.entry.event.type, work.delivered.entry.event.version);
    progress.suspect = progress.started = false;
    return settle(work.delivered.ticket, Verdict::park, progress);
  }
  if (active == nullptr) return settle(work.delivered.ticket, Verdict::release, progress);
  if (progress.stalls >= options_.stall_limit) {
    return dead_letter(work, progress, never_ended(progress.stalls));
  }
  if (progress.attempts >= active->subscription.retry.max_attempts) {
    return dead_letter(work, progress, "failed " + std::to_string(progress.attempts) + " times");
  }
  work.subscription = active->subscription.id;
  const bool full = backlog_->waiting(work.subscription) >= window(*active);
  if (!ordered() && full && !progress.suspect) return settle(work.delivered.ticket, Verdict::release, progress);
  if (options_.ordering == Ordering::per_key) {
    work.key = event::ordering_key(work.delivered.entry.event.metadata);
    if (work.key.empty()) work.key = "id:" + std::string(work.delivered.entry.event.id);  // no key, no order
  }
  suspect_held_ = suspect_held_ || progress.suspect;
  backlog_->push(std::move(work));
}

void Dispatcher::collect_starts(const Now& now, std::vector<Start>& starts) {
  for (auto& [id, active] : subscriptions_) {
    if (active.takes()) start_ready(now, active, starts);
  }
}

void Dispatcher::start_ready(const Now& now, Active& active, std::vector<Start>& starts) {
  const auto& subscription = active.subscription;
  while (!active.free.empty() && breaker_.allows(now.mono)) {
    if (subscription.batch_size > 1) {
      const auto oldest = backlog_->oldest(subscription.id);
      if (!oldest) return;
      const bool due = now.mono - *oldest >= subscription.batch_wait;
      if (!due && backlog_->waiting(subscription.id) < subscription.batch_size) return;
    }
    const std::size_t size = breaker_.open() ? 1 : subscription.batch_size;
    auto work = backlog_->take(subscription.id, size, now.wall);
    if (work.empty()) return;
    const auto index = active.free.back();
    active.free.pop_back();
    auto& slot = active.slots[index];
    slot.work = std::move(work);
    slot.started = now.mono;
    slot.overdue = slot.disowned = false;
    slot.probe = breaker_.started();
    ++running_;
    starts.push_back({{subscription.id, index}, &slot.work});
  }
}

void Dispatcher::finished(const Now& now, SlotId id, std::vector<Outcome> outcomes) {
  const auto found = subscriptions_.find(id.subscription);
  if (found == subscriptions_.end()) return;
  auto& active = found->second;
  auto& slot = active.slots[id.index];
  const auto took = now.mono - slot.started;
  const double each =
      static_cast<double>(std::max<Nanos::rep>(took.count(), 100)) / static_cast<double>(slot.work.size());
  active.handling_ns = active.handling_ns == 0 ? each : 0.8 * active.handling_ns + 0.2 * each;
  for (std::size_t i = 0; i < slot.work.size(); ++i) {
    finish_one(now, active, slot, slot.work[i], outcomes[i], took);
  }
  slot.work.clear();
  active.free.push_back(id.index);
  --running_;
  if (active.removed && active.free.size() == active.slots.size()) subscriptions_.erase(found);
}

void Dispatcher::finish_one(const Now& now, Active& active, const Slot& slot, const Work& work, const Outcome& outcome,
                            Nanos took) {
  if (work.delivered.progress.suspect) suspect_held_ = false;
  if (outcome.kind() == Outcome::Kind::acknowledge) {
    breaker_.succeeded();
    if (ordered()) backlog_->done(work);
    return settle(work.delivered.ticket, Verdict::acknowledge);
  }
  if (slot.overdue && !ordered()) return;  // its stall is settled already; only a late acknowledgement still counts
  if (slot.disowned && ordered())
    return backlog_->done(work);  // another process has it, or its next delivery waits here
  if (outcome.kind() == Outcome::Kind::retry) {
    return slot.overdue ? stall_ended(now, active, work) : failed(now, active, slot, work, outcome, took);
  }
  if (breaker_.open()) breaker_.succeeded();  // the handler works: it decided
  auto progress = work.delivered.progress;
  ++progress.attempts;
  progress.note =
      with_attempt(progress.note, {progress.attempts, now.wall, options_.consumer, outcome.text(), micros(took)});
  if (ordered()) backlog_->done(work);
  dead_letter(work, std::move(progress), outcome.text());
}

void Dispatcher::failed(const Now& now, Active& active, const Slot& slot, const Work& work, const Outcome& outcome,
                        Nanos took) {
  const bool pausing = breaker_.open();
  if (!pausing) probed_.clear();
  if (breaker_.failed(now.mono, slot.probe)) {
    notices_.push_back({Severity::warning, true, Alarm::breaker_open,
                        "everything fails; pausing and probing with single events. Last error: " + outcome.text()});
  }
  auto progress = work.delivered.progress;
  progress.suspect = progress.started = false;
  progress.note =
      with_attempt(progress.note, {progress.attempts + 1, now.wall, options_.consumer, outcome.text(), micros(took)});
  const auto& retry = active.subscription.retry;
  // While the group pauses, an event's first failure is not charged; an event that fails again and again is, or a few bad
  // ones at the head of the line would hold up all others for good.
  if (pausing && probed_.insert(work.delivered.ticket.work).second) {
    const auto pause = std::max(Nanos{}, breaker_.probe_at() - now.mono);
    return again(now, active, work, std::move(progress), std::chrono::duration_cast<Millis>(pause));
  }
  ++progress.attempts;
  if (progress.attempts >= retry.max_attempts) {
    if (ordered()) backlog_->done(work);
    return dead_letter(work, std::move(progress),
                       "failed " + std::to_string(progress.attempts) + " times; last error: " + outcome.text());
  }
  const auto delay = outcome.delay().value_or(backoff_delay(retry, progress.attempts, uniform_));
  again(now, active, work, std::move(progress), std::max(delay, Millis(0)));
}

// Ordered: a handler that hung has ended after all. Its handling counted as a stall then, and is no failed attempt too.
void Dispatcher::stall_ended(const Now& now, Active& active, const Work& work) {
  auto progress = work.delivered.progress;
  if (progress.stalls >= options_.stall_limit) {
    backlog_->done(work);
    auto reason = never_ended(progress.stalls);
    return dead_letter(work, std::move(progress), std::move(reason));
  }
  const auto delay = backoff_delay(active.subscription.retry, progress.stalls, uniform_);
  again(now, active, work, std::move(progress), delay);
}

// In the ordered modes the key waits here for the next try, unless nothing here takes its events any more.
void Dispatcher::again(const Now& now, Active& active, const Work& work, broker::Progress progress, Millis delay) {
  progress.due = now.wall + bounded(delay);
  const bool holds = ordered() && active.takes();
  settle(work.delivered.ticket, holds ? Verdict::hold : Verdict::park, progress);
  if (!ordered()) return;
  if (!holds) return backlog_->done(work);
  Work held = work;
  held.delivered.progress = std::move(progress);
  backlog_->hold(std::move(held));
}

void Dispatcher::collect_overdue(const Now& now, std::vector<SlotId>& stop) {
  for (auto& [id, active] : subscriptions_) {
    for (std::uint32_t index = 0; index < active.slots.size(); ++index) {
      auto& slot = active.slots[index];
      if (slot.work.empty() || slot.overdue) continue;
      const auto took = now.mono - slot.started;
      if (took < active.subscription.max_handling_time) continue;
      slot.overdue = true;
      stop.push_back({id, index});
      for (auto& work : slot.work) stalled(now, active, slot, work, took);
    }
  }
  if (!stop.empty() && all_hung()) {
    notices_.push_back({Severity::error, true, Alarm::handlers_hung, "every handler is past its max_handling_time"});
  }
}

// The handler is still running, so in the ordered modes its key stays held and only the count is stored; otherwise the
// event goes back to the group for another try.
void Dispatcher::stalled(const Now& now, Active& active, const Slot& slot, Work& work, Nanos took) {
  auto& progress = work.delivered.progress;
  ++progress.stalls;
  progress.note = with_attempt(progress.note, {progress.attempts + 1, now.wall, options_.consumer,
                                               "still running after max_handling_time; asked to stop", micros(took)});
  if (progress.suspect) suspect_held_ = false;
  progress.suspect = progress.started = false;
  breaker_.failed(now.mono, slot.probe);
  if (ordered()) return settle(work.delivered.ticket, Verdict::hold, progress);
  if (progress.stalls >= options_.stall_limit) {
    return dead_letter(work, progress, never_ended(progress.stalls));
  }
  progress.due = now.wall + backoff_delay(active.subscription.retry, progress.stalls, uniform_);
  settle(work.delivered.ticket, Verdict::park, progress);
}

void Dispatcher::dead_letter(const Work& work, broker::Progress progress, std::string reason) {
  if (progress.suspect) suspect_held_ = false;
  notices_.push_back({Severity::error, true, Alarm::dead_letter, describe(work) + ": " + reason});
  progress.suspect = progress.started = false;
  settle(work.delivered.ticket, Verdict::dead_letter, std::move(progress), std::move(reason));
}

void Dispatcher::settle(const broker::Ticket& ticket, Verdict verdict, broker::Progress progress, std::string reason) {
  settlements_.push_back({ticket, verdict, std::move(progress), std::move(reason)});
}

void Dispatcher::give_back(const std::vector<Work>& work) {
  for (const auto& piece : work) {
    if (piece.delivered.progress.suspect) suspect_held_ = false;
    settle(piece.delivered.ticket, Verdict::release, piece.delivered.progress);
  }
}

void Dispatcher::release_waiting() {
  give_back(backlog_->clear());
}

void Dispatcher::forget_waiting() {
  for (const auto& work : backlog_->clear()) {
    if (work.delivered.progress.suspect) suspect_held_ = false;
  }
}

void Dispatcher::disown() {
  forget_waiting();
  for (auto& [id, active] : subscriptions_) {
    for (auto& slot : active.slots) slot.disowned = true;
  }
}

}  // namespace collective::engine
