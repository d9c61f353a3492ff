#include <algorithm>

#include "engine/attempt_history.hpp"
#include "engine/backoff.hpp"
#include "engine/dispatcher.hpp"

// What the end of a handler, or its time, means for the event: acknowledged, tried again, or a dead letter.
namespace collective::engine {
namespace {

using Verdict = broker::Settlement::Verdict;

std::string describe(const Work& work) {
  const auto& event = work.delivered.entry.event;
  return std::string(event.type) + " " + std::string(event.id) + " (entry " + work.delivered.entry.id.to_string() + ")";
}

std::chrono::microseconds micros(Nanos took) {
  return std::chrono::duration_cast<std::chrono::microseconds>(took);
}

}  // namespace

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
  if (slot.moved_on) return late(slot, work, outcome);
  if (outcome.kind() == Outcome::Kind::acknowledge) {
    breaker_.succeeded();
    if (ordered()) backlog_->done(work);
    return settle(work.delivered.ticket, Verdict::acknowledge);
  }
  if (slot.disowned && ordered())
    return backlog_->done(work);  // another process has it, or its next delivery waits here
  if (outcome.kind() == Outcome::Kind::retry) return failed(now, active, slot, work, outcome, took);
  breaker_.decided(slot.probe);
  auto progress = work.delivered.progress;
  ++progress.attempts;
  progress.note =
      with_attempt(progress.note, {progress.attempts, now.wall, options_.consumer, outcome.text(), micros(took)});
  if (ordered()) backlog_->done(work);
  dead_letter(work, std::move(progress), outcome.text());
}

// The handler ended after its time: its stall is settled already. Only an acknowledgement still counts, in the ordered modes
// as long as the next try has not begun.
void Dispatcher::late(const Slot& slot, const Work& work, const Outcome& outcome) {
  if (outcome.kind() != Outcome::Kind::acknowledge) return;
  breaker_.succeeded();
  if (ordered() && (slot.disowned || !backlog_->withdraw(work))) return;
  settle(work.delivered.ticket, Verdict::acknowledge);
}

void Dispatcher::failed(const Now& now, Active& active, const Slot& slot, const Work& work, const Outcome& outcome,
                        Nanos took) {
  const bool pausing = breaker_.open();
  if (!pausing) probed_.clear();
  breaker_failed(now, slot, outcome.text());
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
      if (slot.disowned && ordered()) continue;  // its next delivery waits here, or another process has it
      slot.moved_on = true;
      for (auto& work : slot.work) stalled(now, active, slot, work, took);
    }
  }
  if (!stop.empty() && all_hung()) {
    notices_.push_back({Severity::error, true, Alarm::handlers_hung, "every handler is past its max_handling_time"});
  }
}

// The event goes on without its handler, which still runs: back to the group, or in the ordered modes to the head of its key.
void Dispatcher::stalled(const Now& now, Active& active, const Slot& slot, Work& work, Nanos took) {
  static constexpr const char* what = "still running after max_handling_time; asked to stop";
  auto& progress = work.delivered.progress;
  ++progress.stalls;
  progress.note = with_attempt(
      progress.note, {progress.attempts + 1, now.wall, options_.consumer, what, micros(took), progress.stalls});
  if (progress.suspect) suspect_held_ = false;
  progress.suspect = progress.started = false;
  breaker_failed(now, slot, what);
  if (progress.stalls >= options_.stall_limit) {
    if (ordered()) backlog_->done(work);
    return dead_letter(work, progress, never_ended(progress.stalls));
  }
  again(now, active, work, progress, backoff_delay(active.subscription.retry, progress.stalls, uniform_));
}

void Dispatcher::breaker_failed(const Now& now, const Slot& slot, const std::string& error) {
  if (!breaker_.failed(now.mono, slot.probe)) return;
  notices_.push_back({Severity::warning, true, Alarm::breaker_open,
                      "everything fails; pausing and probing with single events. Last error: " + error});
}

std::string Dispatcher::never_ended(std::uint32_t stalls) {
  return "handling never ended: " + std::to_string(stalls) +
         " times the process stopped, lost its lease or ran out of time";
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

}  // namespace collective::engine
