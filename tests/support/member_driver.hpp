#pragma once

#include <map>

#include "support/hand_made.hpp"

namespace collective::testing_support {

/// A member, driven by hand on virtual time: the test is its broker and its handlers. Every poll is checked for what
/// would make a runtime spin: a poll that follows at once has nothing more to ask, and its timer is in the future.
class MemberTest : public ::testing::Test {
 protected:
  using Actions = engine::Member::Actions;

  void make(Ordering ordering = Ordering::none) {
    engine::MemberOptions options;
    options.key = {"mail", "mailer"};
    options.member = "mail-1~1";
    options.dispatch.ordering = ordering;
    options.dispatch.lease = Millis(30'000);
    member_ = std::make_unique<engine::Member>(std::move(options), middle());
  }

  Actions poll(Nanos when) {
    auto actions = member_->poll(at(when));
    for (const auto& one : actions.starts) running_[number_of(one.work->front())] = one;
    const auto again = member_->poll(at(when));
    EXPECT_FALSE(again.join || again.exchange || again.leave)
        << "a second step while one is on its way, or a step for nothing";
    EXPECT_TRUE(again.starts.empty() && again.stops.empty() && again.notices.empty());
    EXPECT_EQ(actions.timer, again.timer);
    EXPECT_TRUE(!actions.timer || *actions.timer > at(when).mono) << "the runtime would spin";
    return actions;
  }

  /// Joined at 0 with one subscription, and nothing to do: the first fetch found nothing.
  void settle_in(engine::Subscription subscribed = subscription()) {
    member_->add(std::move(subscribed));
    ASSERT_TRUE(poll(ms(0)).join);
    member_->joined(at(ms(0)), {});
    ASSERT_TRUE(poll(ms(0)).exchange);
    answer(ms(0));
    ASSERT_FALSE(poll(ms(0)).exchange);
  }

  void answer(Nanos when, std::vector<Delivered> deliveries = {}) {
    broker::Exchanged exchanged;
    exchanged.deliveries = std::move(deliveries);
    if (member_->options().dispatch.ordering != Ordering::none) {
      exchanged.lane = true;
      exchanged.epoch = 1;
    }
    member_->exchanged(at(when), std::move(exchanged));
  }
  void answer_lost(Nanos when) {
    broker::Exchanged exchanged;
    exchanged.member_lost = true;
    member_->exchanged(at(when), std::move(exchanged));
  }
  void answer_standby(Nanos when, Nanos lane_free) {
    broker::Exchanged exchanged;
    exchanged.epoch = 1;
    exchanged.lane_free = at(lane_free).wall;
    member_->exchanged(at(when), std::move(exchanged));
  }

  /// News arrives, is fetched, and these are handed out; returns what starts.
  std::vector<std::uint64_t> deliver(Nanos when, std::vector<Delivered> deliveries) {
    member_->news();
    EXPECT_TRUE(poll(when).exchange);
    answer(when, std::move(deliveries));
    return numbers(poll(when).starts);
  }
  void end(std::uint64_t number, const Outcome& outcome, Nanos when) {
    const auto one = running_.at(number);
    running_.erase(number);
    member_->finished(at(when), one.slot, std::vector<Outcome>(one.work->size(), outcome));
  }
  void fail(Nanos when, Errc code = Errc::unavailable) { member_->failed(at(when), {code, "broken"}); }

  engine::Member& member() { return *member_; }

  Deliveries make_;
  std::unique_ptr<engine::Member> member_;
  std::map<std::uint64_t, engine::Start> running_;
};

}  // namespace collective::testing_support
