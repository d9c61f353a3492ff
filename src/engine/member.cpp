#include "engine/member.hpp"

#include <algorithm>
#include <iterator>

#include "engine/backoff.hpp"

namespace collective::engine {

Member::Member(MemberOptions options, Uniform uniform)
    : options_(std::move(options)), uniform_(uniform), dispatcher_(options_.dispatch, std::move(uniform)) {}

// --- inputs -----------------------------------------------------------------------------------------------------

void Member::add(Subscription subscription) {
  dispatcher_.add(std::move(subscription));
  routes_changed_ = true;
  news_ = true;
}

void Member::remove(std::uint32_t subscription) {
  dispatcher_.remove(subscription);
}

void Member::pause(std::uint32_t subscription) {
  dispatcher_.pause(subscription);
}

void Member::resume(std::uint32_t subscription) {
  dispatcher_.resume(subscription);
  news_ = true;
}

void Member::news() {
  news_ = true;
}

void Member::joined(const Now& now) {
  step_out_ = false;
  failures_ = 0;
  last_progress_ = now.mono;
  phase_ = Phase::inside;
  if (joining_again_ && now.mono >= lease_end_) {
    // Others may have what waits here: joining again does not say whether the lease had ended, the next exchange does.
    dispatcher_.forget_waiting();
    recover_ = true;
  } else {
    lease_end_ = step_began_ + options_.dispatch.lease;
  }
  renew_at_ = step_began_ + options_.dispatch.lease / 3;
  news_ = true;
}

void Member::exchanged(const Now& now, broker::Exchanged answer) {
  step_out_ = false;
  failures_ = 0;
  last_progress_ = now.mono;
  auto without_room = put_off(now, answer.settled);
  unsettled_.erase(unsettled_.begin(), unsettled_.begin() + static_cast<std::ptrdiff_t>(sent_));
  std::move(without_room.begin(), without_room.end(), std::back_inserter(unsettled_));
  sent_ = 0;
  oldest_unsettled_.reset();
  if (!unsettled_.empty()) oldest_unsettled_ = now.mono;
  if (answer.member_lost) return lost(now);
  losses_ = 0;
  // A store rewrites a lease only when less than two thirds of it remain.
  lease_end_ = std::max(lease_end_, step_began_ + options_.dispatch.lease - options_.dispatch.lease / 3);
  renew_at_ = step_began_ + options_.dispatch.lease / 3;
  more_ = answer.more;
  due_ = answer.due;
  // Due, and not handed out: a suspect has to wait for another one to end. Asking again before would change nothing.
  if (due_ && *due_ <= step_wall_ && answer.deliveries.empty()) due_.reset();
  if (recovering_) {
    recover_ = false;
    news_ = true;  // it did not ask for suspects
  }
  if (ordered()) lane_answer(now, answer);
  last_fetched_ = answer.deliveries.size();
  dispatcher_.arrive(now, std::move(answer.deliveries), answer.storage);
  if (draining_) dispatcher_.release_waiting();
}

// A dead letter that the store had no room for goes back to the group, and is tried again when it comes from there: what is
// wrong with it stands in its history. Those settled with it are not held up.
std::vector<broker::Settlement> Member::put_off(const Now& now, const std::vector<broker::Settled>& settled) {
  std::vector<broker::Settlement> without_room;
  for (std::size_t i = 0; i < std::min(sent_, settled.size()); ++i) {
    if (settled[i] != broker::Settled::no_room) continue;
    auto& settlement = unsettled_[i];
    notices_.push_back({Severity::error, true, Alarm::broker_trouble,
                        "the store has no room for the dead letter of entry " + settlement.ticket.work.id.to_string() +
                            " (" + settlement.reason + "): it waits and is tried again; free space, or trim"});
    settlement.verdict = broker::Settlement::Verdict::park;
    settlement.progress.due = now.wall + options_.max_retry_pause;
    without_room.push_back(std::move(settlement));
  }
  return without_room;
}

// Others have what we held; what runs goes on and may still be acknowledged. To lose the lease again right after joining
// takes a wall clock that differs by more than the lease: joining at once would only wake everybody.
void Member::lost(const Now& now) {
  dispatcher_.disown();
  phase_ = Phase::outside;
  lane_ = recover_ = false;
  lease_end_ = {};
  if (++losses_ < 2) return;
  pause(now, losses_ - 1);
  if (losses_ > 2) return;
  notices_.push_back(
      {Severity::warning, true, Alarm::broker_trouble,
       "lost its lease right after joining: does this machine's clock differ from the others' by more than " +
           std::to_string(options_.dispatch.lease.count()) + " ms?"});
}

// A lane that changed hands in between means that what waits here was handed to somebody else.
void Member::lane_answer(const Now& now, const broker::Exchanged& answer) {
  if (answer.epoch != epoch_ || !answer.lane) dispatcher_.disown();
  lane_ = answer.lane;
  epoch_ = answer.epoch;
  lane_free_ = answer.lane_free;
  lane_check_at_ = now.mono + options_.lane_check_pause;
}

// A standby asks for the lane when its holder's lease ends, and soon after news, which a holder that leaves also causes.
bool Member::lane_check_is_due(const Now& now) const {
  if (lane_free_ && *lane_free_ <= now.wall) return true;
  return news_ && now.mono >= lane_check_at_;
}

void Member::left() {
  step_out_ = false;
  phase_ = Phase::gone;
}

void Member::failed(const Now& now, const broker::Failure& failure) {
  step_out_ = false;
  sent_ = 0;  // sent again: every settlement names its token, so a second time changes nothing
  if (failure.code == Errc::unknown) recover_ = true;
  if (phase_ == Phase::leaving) phase_ = Phase::gone;  // the lease's end does the same, only later
  if (phase_ == Phase::joining) {                      // joining again is harmless
    phase_ = joining_again_ ? Phase::inside : Phase::outside;
    routes_changed_ = true;
  }
  news_ = true;
  pause(now, ++failures_);
}

void Member::pause(const Now& now, std::uint32_t times) {
  const RetryPolicy policy{.base_delay = options_.first_retry_pause, .max_delay = options_.max_retry_pause};
  retry_at_ = now.mono + backoff_delay(policy, times, uniform_);
}

void Member::finished(const Now& now, SlotId slot, std::vector<Outcome> outcomes) {
  dispatcher_.finished(now, slot, std::move(outcomes));
}

void Member::drain() {
  if (draining_) return;
  draining_ = true;
  dispatcher_.release_waiting();
  const bool settled = unsettled_.empty() && !dispatcher_.has_settlements();
  if (phase_ == Phase::outside && !step_out_ && settled && dispatcher_.running() == 0) phase_ = Phase::gone;
}

void Member::leave_now() {
  drain();
  abandon_ = true;
}

// --- outputs ----------------------------------------------------------------------------------------------------

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
  if (phase_ == Phase::outside || (routes_changed_ && phase_ == Phase::inside)) {
    if (!draining_) return join(now, actions);
  }
  if (draining_ && unsettled_.empty() && (dispatcher_.running() == 0 || abandon_)) {
    if (phase_ == Phase::outside) {
      phase_ = Phase::gone;
      return;
    }
    phase_ = Phase::leaving;
    step_out_ = true;
    step_began_ = now.mono;
    actions.leave = true;
    return;
  }
  const auto room = draining_ ? 0 : dispatcher_.room(now);
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
  actions.join = broker::Join{options_.key, options_.member,         dispatcher_.routes(), options_.start,
                              now.wall,     options_.dispatch.lease, dispatcher_.labels()};
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
  if (step_out_) return next;
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
