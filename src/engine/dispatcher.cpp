#include "engine/dispatcher.hpp"

#include <algorithm>

#include "engine/attempt_history.hpp"
#include "event/metadata.hpp"

namespace collective::engine {
namespace {

using Verdict = broker::Settlement::Verdict;

}  // namespace

Dispatcher::Dispatcher(DispatchOptions options, Uniform uniform)
    : options_(std::move(options)),
      uniform_(std::move(uniform)),
      backlog_(options_.ordering == Ordering::none ? make_unordered_backlog() : make_ordered_backlog()),
      breaker_(options_.breaker) {
  options_.newer_version_wait = bounded(options_.newer_version_wait);
}

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
  if (newer_version) return hand_over(now, work);
  if (active == nullptr) return settle(work.delivered.ticket, Verdict::release, progress);
  const bool stalled_unseen = add_stalls(now, progress);
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
  if (stalled_unseen) settle(work.delivered.ticket, Verdict::hold, progress);  // or it is lost with the next crash
  suspect_held_ = suspect_held_ || progress.suspect;
  backlog_->push(std::move(work));
}

// Under TYPE/N, for members that know the version: they take it at once. Others look now and then (`newer_routes`) whether
// it waits for too long; since when it does is what its due time says.
void Dispatcher::hand_over(const Now& now, const Work& work) {
  const auto& event = work.delivered.entry.event;
  auto progress = work.delivered.progress;
  const auto route = versioned(event.type, event.version);
  if (progress.route != route || progress.due == Timestamp{}) progress.due = now.wall;
  if (now.wall - progress.due >= options_.newer_version_wait) {
    newer_expired_ = true;
    return dead_letter(work, std::move(progress),
                       "version " + std::to_string(event.version) + " of " + std::string(event.type) +
                           " is newer than this member knows, and none that knows it came within " +
                           std::to_string(options_.newer_version_wait.count()) + " ms");
  }
  progress.route = route;
  progress.suspect = progress.started = false;
  settle(work.delivered.ticket, Verdict::park, std::move(progress));
}

// A process that ends in the middle of a handling writes nothing down: who gets the event next does. True when it did.
bool Dispatcher::add_stalls(const Now& now, broker::Progress& progress) const {
  auto note = with_stalls(progress.note, progress.stalls, progress.attempts + 1, now.wall);
  if (note == progress.note) return false;
  progress.note = std::move(note);
  return true;
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
    slot.overdue = slot.disowned = slot.moved_on = false;
    slot.probe = breaker_.started();
    ++running_;
    starts.push_back({{subscription.id, index}, &slot.work});
  }
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
