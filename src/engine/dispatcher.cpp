#include "engine/dispatcher.hpp"

#include <algorithm>

#include "engine/attempt_history.hpp"
#include "engine/backoff.hpp"
#include "event/metadata.hpp"

namespace collective::engine {
namespace {

using Verdict = broker::Settlement::Verdict;

// How work of a version that its holder did not know waits for those that do.
std::string versioned(std::string_view type, std::uint32_t version) {
  return std::string(type) + version_separator + std::to_string(version);
}

void add_versions(const Route& route, std::vector<std::string>& labels) {
  if (route.version == any_version) return;
  for (std::uint32_t v = 2; v <= route.version; ++v) labels.push_back(versioned(route.type, v));
}

std::string describe(const Work& work) {
  const auto& event = work.delivered.entry.event;
  return std::string(event.type) + " " + std::string(event.id) + " (entry " +
         work.delivered.entry.id.to_string() + ")";
}

std::chrono::microseconds micros(Nanos took) { return std::chrono::duration_cast<std::chrono::microseconds>(took); }

}  // namespace

Dispatcher::Dispatcher(DispatchOptions options, Uniform uniform)
    : options_(std::move(options)),
      uniform_(std::move(uniform)),
      backlog_(options_.ordering == Ordering::none ? make_unordered_backlog() : make_ordered_backlog()),
      breaker_(options_.breaker) {}

void Dispatcher::add(Subscription subscription) {
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
  newer_version = false;
  for (auto& [id, active] : subscriptions_) {
    if (!active.takes()) continue;
    for (const auto& route : active.subscription.routes) {
      if (route.type != "*" && route.type != event.type) continue;
      if (route.type != "*" && event.version > route.version) {
        newer_version = true;
        continue;
      }
      // Several subscriptions of one type share its events: the one with the shortest queue for its size takes it.
      if (best == nullptr || backlog_->waiting(id) * best->slots.size() <
                                 backlog_->waiting(best->subscription.id) * active.slots.size()) {
        best = &active;
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
    return dead_letter(work, progress, "handling never ended: " + std::to_string(progress.stalls) +
                                           " times the process stopped, lost its lease or ran out of time");
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
    slot.overdue = false;
    ++running_;
    breaker_.started();
    starts.push_back({{subscription.id, index}, &slot.work});
  }
}

void Dispatcher::finished(const Now& now, SlotId id, std::vector<Outcome> outcomes) {
  const auto found = subscriptions_.find(id.subscription);
  if (found == subscriptions_.end()) return;
  auto& active = found->second;
  auto& slot = active.slots[id.index];
  const auto took = now.mono - slot.started;
  const double each = static_cast<double>(std::max<Nanos::rep>(took.count(), 100)) / static_cast<double>(slot.work.size());
  active.handling_ns = active.handling_ns == 0 ? each : 0.8 * active.handling_ns + 0.2 * each;
  for (std::size_t i = 0; i < slot.work.size(); ++i) {
    finish_one(now, active, slot.work[i], outcomes[i], took, slot.overdue);
  }
  slot.work.clear();
  active.free.push_back(id.index);
  --running_;
  if (active.removed && active.free.size() == active.slots.size()) subscriptions_.erase(found);
}

void Dispatcher::finish_one(const Now& now, Active& active, const Work& work, const Outcome& outcome, Nanos took,
                            bool overdue) {
  if (work.delivered.progress.suspect) suspect_held_ = false;
  if (outcome.kind() == Outcome::Kind::acknowledge) {
    breaker_.succeeded();
    if (ordered()) backlog_->done(work);
    return settle(work.delivered.ticket, Verdict::acknowledge);
  }
  if (overdue && !ordered()) return;  // its stall is settled already; only a late acknowledgement still counts
  if (outcome.kind() == Outcome::Kind::retry) return failed(now, active, work, outcome, took);
  if (breaker_.open()) breaker_.succeeded();  // the handler works: it decided
  auto progress = work.delivered.progress;
  ++progress.attempts;
  progress.note = with_attempt(progress.note, {progress.attempts, now.wall, options_.consumer, outcome.text(), micros(took)});
  if (ordered()) backlog_->done(work);
  dead_letter(work, std::move(progress), outcome.text());
}

void Dispatcher::failed(const Now& now, Active& active, const Work& work, const Outcome& outcome, Nanos took) {
  const bool probe = breaker_.open();
  if (!probe) probed_.clear();
  if (breaker_.failed(now.mono)) {
    notices_.push_back({Severity::warning, true, Alarm::breaker_open,
                        "everything fails; pausing and probing with single events. Last error: " + outcome.text()});
  }
  auto progress = work.delivered.progress;
  progress.suspect = progress.started = false;
  progress.note = with_attempt(progress.note, {progress.attempts + 1, now.wall, options_.consumer, outcome.text(), micros(took)});
  const auto& retry = active.subscription.retry;
  auto delay = Millis(0);
  // While the group pauses, an event's first failure is not charged; an event that fails again and again is, or a few bad
  // ones at the head of the line would hold up all others for good.
  if (probe && probed_.insert(work.delivered.ticket.work).second) {
    delay = std::chrono::duration_cast<Millis>(std::max(Nanos{}, breaker_.probe_at() - now.mono));
  } else {
    ++progress.attempts;
    if (progress.attempts >= retry.max_attempts) {
      if (ordered()) backlog_->done(work);
      return dead_letter(work, std::move(progress),
                         "failed " + std::to_string(progress.attempts) + " times; last error: " + outcome.text());
    }
    delay = outcome.delay().value_or(backoff_delay(retry, progress.attempts, uniform_));
  }
  progress.due = now.wall + delay;
  settle(work.delivered.ticket, ordered() ? Verdict::hold : Verdict::park, progress);
  if (ordered()) {
    Work held = work;
    held.delivered.progress = std::move(progress);
    backlog_->hold(std::move(held));
  }
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
      for (auto& work : slot.work) stalled(now, active, work, took);
    }
  }
  if (!stop.empty() && all_hung()) {
    notices_.push_back({Severity::error, true, Alarm::handlers_hung, "every handler is past its max_handling_time"});
  }
}

// The handler is still running, so in the ordered modes its key stays held and only the count is stored; otherwise the
// event goes back to the group for another try.
void Dispatcher::stalled(const Now& now, Active& active, Work& work, Nanos took) {
  auto& progress = work.delivered.progress;
  ++progress.stalls;
  progress.note = with_attempt(progress.note, {progress.attempts + 1, now.wall, options_.consumer,
                                               "still running after max_handling_time; asked to stop", micros(took)});
  if (progress.suspect) suspect_held_ = false;
  progress.suspect = progress.started = false;
  breaker_.failed(now.mono);
  if (ordered()) return settle(work.delivered.ticket, Verdict::hold, progress);
  if (progress.stalls >= options_.stall_limit) {
    return dead_letter(work, progress, "handling never ended: " + std::to_string(progress.stalls) +
                                           " times the process stopped, lost its lease or ran out of time");
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

void Dispatcher::release_waiting() { give_back(backlog_->clear()); }

void Dispatcher::forget_waiting() {
  for (const auto& work : backlog_->clear()) {
    if (work.delivered.progress.suspect) suspect_held_ = false;
  }
}

// At most what the free workers take plus what is expected to finish within a tenth of the lease, so that nothing
// prefetched grows old here while another process could have handled it.
std::size_t Dispatcher::window(const Active& active) const {
  const auto& subscription = active.subscription;
  std::size_t window = active.free.size() * subscription.batch_size;
  if (active.handling_ns > 0) {
    const auto tenth = static_cast<double>(Nanos(options_.lease).count()) / 10.0;
    const double finish = tenth / active.handling_ns * static_cast<double>(active.slots.size());
    window += static_cast<std::size_t>(std::min(finish, static_cast<double>(options_.prefetch)));
  }
  return std::min(window, std::max(options_.prefetch, subscription.batch_size));
}

std::size_t Dispatcher::room_of(std::uint32_t id, const Active& active) const {
  if (!active.takes()) return 0;
  const auto limit = window(active);
  const auto waiting = backlog_->waiting(id);
  return limit > waiting ? limit - waiting : 0;
}

std::uint32_t Dispatcher::room() const {
  std::size_t room = 0;
  for (const auto& [id, active] : subscriptions_) room = std::max(room, room_of(id, active));
  return static_cast<std::uint32_t>(room);
}

std::vector<std::string> Dispatcher::routes_with_room() const {
  std::vector<std::string> routes;
  for (const auto& [id, active] : subscriptions_) {
    if (room_of(id, active) == 0) continue;
    for (const auto& route : active.subscription.routes) {
      routes.push_back(route.type);
      add_versions(route, routes);
    }
  }
  return routes;
}

std::vector<std::string> Dispatcher::routes() const {
  std::vector<std::string> routes;
  for (const auto& [id, active] : subscriptions_) {
    if (active.removed) continue;
    for (const auto& route : active.subscription.routes) {
      if (std::find(routes.begin(), routes.end(), route.type) == routes.end()) routes.push_back(route.type);
    }
  }
  return routes;
}

std::vector<std::string> Dispatcher::labels() const {
  std::vector<std::string> labels;
  for (const auto& [id, active] : subscriptions_) {
    if (active.removed) continue;
    for (const auto& route : active.subscription.routes) add_versions(route, labels);
  }
  return labels;
}

bool Dispatcher::all_hung() const {
  bool any = false;
  for (const auto& [id, active] : subscriptions_) {
    for (const auto& slot : active.slots) {
      if (slot.work.empty() || !slot.overdue) return false;
      any = true;
    }
  }
  return any;
}

std::vector<broker::Ticket> Dispatcher::held() const {
  std::vector<broker::Ticket> tickets;
  backlog_->for_each([&](const Work& work) { tickets.push_back(work.delivered.ticket); });
  for (const auto& [id, active] : subscriptions_) {
    for (const auto& slot : active.slots) {
      for (const auto& work : slot.work) tickets.push_back(work.delivered.ticket);
    }
  }
  return tickets;
}

std::optional<Nanos> Dispatcher::timer(const Now& now) const {
  std::optional<Nanos> next;
  const auto consider = [&](Nanos at) {
    if (!next || at < *next) next = at;
  };
  for (const auto& [id, active] : subscriptions_) {
    for (const auto& slot : active.slots) {
      if (!slot.work.empty() && !slot.overdue) consider(slot.started + active.subscription.max_handling_time);
    }
    if (active.subscription.batch_size > 1 && !active.free.empty()) {
      if (const auto oldest = backlog_->oldest(id)) consider(*oldest + active.subscription.batch_wait);
    }
  }
  if (breaker_.open() && backlog_->waiting() > 0 && breaker_.probe_at() > now.mono) consider(breaker_.probe_at());
  if (const auto due = backlog_->due(); due && *due > now.wall) consider(now.mono + (*due - now.wall));
  return next;
}

}  // namespace collective::engine
