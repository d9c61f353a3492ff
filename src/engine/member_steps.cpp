#include <algorithm>
#include <iterator>

#include "engine/member.hpp"

// What a member asks for next: of its handlers, of the broker and of the clock.
namespace collective::engine {

Member::Actions Member::poll(const Now& now) {
  Actions actions;
  if (phase_ == Phase::gone) return actions;
  maybe_start(now, actions);
  dispatcher_.collect_overdue(now, actions.stops);
  for (auto& settlement : dispatcher_.take_settlements()) {
    if (unsettled_.size() == sent_) oldest_unsettled_ = now.mono;
    unsettled_.push_back(std::move(settlement));
  }
  if (!step_out_ && now.mono >= retry_at_) maybe_step(now, actions);
  actions.notices = dispatcher_.take_notices();
  actions.notices.insert(actions.notices.end(), std::make_move_iterator(notices_.begin()),
                         std::make_move_iterator(notices_.end()));
  notices_.clear();
  actions.timer = next_timer(now);
  return actions;
}

// A handler starts only while the lease is ours for sure. Past its end others may hold what waits here: the next exchange
// says whether they do.
void Member::maybe_start(const Now& now, Actions& actions) {
  if (!draining_ && now.mono < lease_end_) dispatcher_.collect_starts(now, actions.starts);
}

void Member::maybe_step(const Now& now, Actions& actions) {
  if (phase_ == Phase::leaving) return;
  if (!draining_) {
    if (phase_ == Phase::outside && stands_aside()) return;
    if (phase_ == Phase::outside || (routes_changed_ && phase_ == Phase::inside)) return join(now, actions);
  }
  const bool through = draining_ ? dispatcher_.running() == 0 || abandon_ : stands_aside();
  if (through && unsettled_.empty()) return leave(now, actions);
  const auto room = draining_ || stands_aside() ? 0 : dispatcher_.room(now);
  if (!step_is_due(now, room > 0)) return;
  actions.exchange = make_exchange(now, room);
  step_out_ = true;
  step_began_ = now.mono;
}

void Member::join(const Now& now, Actions& actions) {
  joining_again_ = phase_ == Phase::inside;
  phase_ = Phase::joining;
  routes_changed_ = false;
  step_out_ = true;
  step_began_ = now.mono;
  actions.join = broker::Join{options_.key, options_.member,         dispatcher_.routes(), start(),
                              now.wall,     options_.dispatch.lease, dispatcher_.labels()};
}

// A group that the store lost goes on where it was, wherever it once began.
broker::Start Member::start() const {
  return position_ ? broker::Start{broker::Start::At::after, *position_} : options_.start;
}

void Member::leave(const Now& now, Actions& actions) {
  if (phase_ == Phase::outside) {
    phase_ = Phase::gone;
    return;
  }
  phase_ = Phase::leaving;
  lease_end_ = {};
  step_out_ = true;
  step_began_ = now.mono;
  actions.leave = true;
}

// How often work that waits for members that know its version is looked at.
Millis Member::newer_look_pause() const {
  return std::clamp<Millis>(options_.dispatch.newer_version_wait / 48, Millis(1'000), std::chrono::minutes(30));
}

bool Member::step_is_due(const Now& now, bool can_fetch) const {
  if ((phase_ == Phase::inside && now.mono >= renew_at_) || (recover_ && can_fetch)) return true;
  const bool low = runs_low(now);
  const bool something = lane_held_by_other() ? lane_check_is_due(now) : news_ || more_ || (due_ && *due_ <= now.wall);
  if (can_fetch && low && something) return true;
  if (unsettled_.empty()) return false;
  return low || draining_ || (oldest_unsettled_ && now.mono >= *oldest_unsettled_ + options_.settle_linger);
}

// Fetch when half of the last answer is used up, so that the next one arrives before the handlers run dry; or when one has
// nothing to do although something waits, for its key to go on or its batch to fill.
bool Member::runs_low(const Now& now) const {
  return dispatcher_.waiting() <= last_fetched_ / 2 || dispatcher_.idle(now);
}

broker::Exchange Member::make_exchange(const Now& now, std::uint32_t room) {
  broker::Exchange exchange;
  exchange.key = options_.key;
  exchange.member = options_.member;
  exchange.now = step_wall_ = now.wall;
  exchange.lease = options_.dispatch.lease;
  exchange.settlements = unsettled_;  // kept until confirmed
  sent_ = unsettled_.size();
  exchange.ordered = ordered();
  recovering_ = recover_ && room > 0;
  if (room == 0) return exchange;
  exchange.max_entries = room;
  exchange.max_suspects = recover_ ? 0 : dispatcher_.room_for_suspects();  // one may be among what comes back
  exchange.routes = dispatcher_.routes_with_room(now);
  if (now.mono >= newer_look_at_) {
    const auto newer = dispatcher_.newer_routes(now);
    exchange.routes.insert(exchange.routes.end(), newer.begin(), newer.end());
    newer_look_at_ = now.mono + newer_look_pause();
  }
  // A step that was thought lost may land late, and hand out what nobody here knows of. In the ordered modes that must
  // show before anything newer is handed out; otherwise it is soon enough at the next renewal.
  if (recover_ || ordered() || now.mono >= renew_at_) {
    exchange.recover = true;
    exchange.known = dispatcher_.held();
  }
  news_ = false;
  return exchange;
}

std::optional<Nanos> Member::next_timer(const Now& now) const {
  std::optional<Nanos> next;
  const auto consider = [&](Nanos at) {
    if (!next || at < *next) next = at;
  };
  if (const auto timer = dispatcher_.timer(now)) consider(*timer);
  if (step_out_ || (phase_ == Phase::outside && stands_aside())) return next;
  if (retry_at_ > now.mono) {
    consider(retry_at_);
    return next;
  }
  if (phase_ == Phase::inside) consider(renew_at_);
  if (oldest_unsettled_) consider(*oldest_unsettled_ + options_.settle_linger);
  const auto wall = [&](Timestamp at) { consider(now.mono + std::max<Nanos>(at - now.wall, Millis(1))); };
  if (draining_ || !runs_low(now) || dispatcher_.room(now) == 0)
    return next;  // nothing to fetch for until a handler ends
  if (!lane_held_by_other()) {
    if (due_) wall(*due_);
    return next;
  }
  if (lane_free_) wall(*lane_free_);
  if (news_) consider(lane_check_at_);
  return next;
}

}  // namespace collective::engine
