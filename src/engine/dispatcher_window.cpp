#include <algorithm>

#include "engine/dispatcher.hpp"

// How much is fetched, for whom, and when the dispatcher has something to do by itself.
namespace collective::engine {
namespace {

// What members that know less parked for those that know more.
void add_versions(const Route& route, std::vector<std::string>& labels) {
  if (route.type == "*") return;
  if (route.version == any_version) return labels.push_back(any_label_of(route.type));
  for (std::uint32_t v = 2; v <= route.version; ++v) labels.push_back(versioned(route.type, v));
}

}  // namespace

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
  return std::min(window, largest_window(active));
}

std::size_t Dispatcher::largest_window(const Active& active) const {
  return std::max(options_.prefetch, active.subscription.batch_size);
}

// What waits behind a held key cannot start, so it takes no handler's place: other keys go on. It still counts against
// the memory that is allowed.
std::size_t Dispatcher::room_of(std::uint32_t id, const Active& active, const Now& now) const {
  if (!active.takes()) return 0;
  const auto room = [](std::size_t limit, std::size_t taken) { return limit > taken ? limit - taken : 0; };
  const auto waiting = backlog_->waiting(id);
  if (options_.ordering != Ordering::per_key) return room(window(active), waiting);
  return std::min(room(window(active), backlog_->ready(id, now.wall)), room(largest_window(active), waiting));
}

std::uint32_t Dispatcher::room(const Now& now) const {
  std::size_t room = 0;
  for (const auto& [id, active] : subscriptions_) room = std::max(room, room_of(id, active, now));
  return static_cast<std::uint32_t>(room);
}

bool Dispatcher::idle(const Now& now) const {
  if (options_.ordering == Ordering::strict || !breaker_.allows(now.mono)) return false;
  return std::any_of(subscriptions_.begin(), subscriptions_.end(), [&](const auto& one) {
    const auto& [id, active] = one;
    if (active.free.empty() || room_of(id, active, now) == 0) return false;
    const auto ready = backlog_->ready(id, now.wall);
    return ready < active.subscription.batch_size || ready <= window(active) / 2;
  });
}

std::vector<std::string> Dispatcher::routes_with_room(const Now& now) const {
  std::vector<std::string> routes;
  for (const auto& [id, active] : subscriptions_) {
    if (room_of(id, active, now) == 0) continue;
    for (const auto& route : active.subscription.routes) {
      routes.push_back(route.type);
      add_versions(route, routes);
    }
  }
  return routes;
}

std::vector<std::string> Dispatcher::newer_routes(const Now& now) const {
  std::vector<std::string> routes;
  for (const auto& [id, active] : subscriptions_) {
    if (room_of(id, active, now) == 0) continue;
    for (const auto& route : active.subscription.routes) {
      if (route.type != "*" && route.version != any_version) routes.push_back(any_label_of(route.type));
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

bool Dispatcher::stuck() const {
  return std::any_of(subscriptions_.begin(), subscriptions_.end(), [](const auto& one) {
    const auto& slots = one.second.slots;
    return std::all_of(slots.begin(), slots.end(), [](const Slot& slot) { return !slot.work.empty() && slot.overdue; });
  });
}

std::vector<broker::Ticket> Dispatcher::held() const {
  std::vector<broker::Ticket> tickets;
  backlog_->for_each([&](const Work& work) { tickets.push_back(work.delivered.ticket); });
  for (const auto& [id, active] : subscriptions_) {
    for (const auto& slot : active.slots) {
      if (slot.disowned) continue;  // when it is still ours, it is to be handled anew
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
      const auto oldest = backlog_->oldest(id);
      const auto full_enough = oldest ? *oldest + active.subscription.batch_wait : Nanos{};
      if (full_enough > now.mono) consider(full_enough);  // else it waits for something else
    }
  }
  if (breaker_.open() && backlog_->waiting() > 0 && breaker_.probe_at() > now.mono) consider(breaker_.probe_at());
  if (const auto due = backlog_->due(now.wall)) consider(now.mono + (*due - now.wall));
  return next;
}

}  // namespace collective::engine
