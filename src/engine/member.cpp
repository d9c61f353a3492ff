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
  if (!dispatcher_.routes().empty()) routes_changed_ = true;  // or its types would go on to count as live
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

void Member::joined(const Now& now, EntryId cursor) {
  step_out_ = false;
  failures_ = 0;
  last_progress_ = now.mono;
  if (position_ && cursor < *position_) suspect_loss("stands at entry " + cursor.to_string() + ", before", *position_);
  phase_ = Phase::inside;
  if (joining_again_ && now.mono >= lease_end_) {
    // Others may have what waits here: joining again does not say whether the lease had ended, the next exchange does.
    dispatcher_.forget_waiting();
    recover_ = true;
  } else {
    lease_end_ = step_began_ + options_.dispatch.lease;
  }
  renew_at_ = step_began_ + options_.dispatch.lease / 3;
  newer_look_at_ = now.mono + newer_look_pause();
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
  if (answer.member_lost) {
    if (answer.group_lost && position_) suspect_loss("is gone, and is made again after", *position_);
    return lost(now);
  }
  losses_ = 0;
  if (position_ && answer.position < *position_) {
    suspect_loss("went back to entry " + answer.position.to_string() + ", from", *position_);
  }
  position_ = answer.position;
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
  if (dispatcher_.take_newer_expired()) newer_look_at_ = now.mono;  // there may be more
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

// A store that was flushed, restarted empty or failed over has lost what nobody can list.
void Member::suspect_loss(const std::string& what, EntryId place) {
  notices_.push_back(
      {Severity::error, true, Alarm::suspected_loss,
       "the group " + what + " entry " + place.to_string() +
           ": did the store restart empty or fail over, or did somebody destroy the group? Events published "
           "before that may be lost, and some may be handled again"});
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

// Also when that could not be told: the lease's end does the same, only later.
void Member::left() {
  step_out_ = false;
  if (draining_) {
    phase_ = Phase::gone;
    return;
  }
  dispatcher_.disown();
  phase_ = Phase::outside;
  lane_ = recover_ = false;
  sent_ = 0;
  unsettled_.clear();  // the token of what ended meanwhile counts no more
  oldest_unsettled_.reset();
}

void Member::failed(const Now& now, const broker::Failure& failure) {
  step_out_ = false;
  sent_ = 0;  // sent again: every settlement names its token, so a second time changes nothing
  if (failure.code == Errc::unknown) recover_ = true;
  if (phase_ == Phase::leaving) return left();
  if (phase_ == Phase::joining) {  // joining again is harmless
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

}  // namespace collective::engine
