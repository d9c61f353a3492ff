#pragma once

#include <map>

#include "support/hand_made.hpp"

namespace collective::testing_support {

/// A dispatcher, driven by hand: what it starts is remembered until the test ends it.
class DispatcherTest : public ::testing::Test {
 protected:
  void make(engine::DispatchOptions options = {}) {
    options.consumer = "mail-1";
    dispatcher_ = std::make_unique<engine::Dispatcher>(std::move(options), middle());
  }
  void arrive(std::vector<Delivered> deliveries, Nanos when = ms(0)) {
    dispatcher_->arrive(at(when), std::move(deliveries), nullptr);
  }
  /// What starts now; each can be ended by its number.
  std::vector<std::uint64_t> start(Nanos when = ms(0)) {
    std::vector<engine::Start> starts;
    dispatcher_->collect_starts(at(when), starts);
    for (const auto& one : starts) running_[number_of(one.work->front())] = one;
    return numbers(starts);
  }
  void end(std::uint64_t number, const Outcome& outcome, Nanos when = ms(0)) {
    const auto one = running_.at(number);
    running_.erase(number);
    dispatcher_->finished(at(when), one.slot, std::vector<Outcome>(one.work->size(), outcome));
  }
  std::vector<engine::SlotId> overdue(Nanos when) {
    std::vector<engine::SlotId> stops;
    dispatcher_->collect_overdue(at(when), stops);
    return stops;
  }
  std::vector<broker::Settlement> settled() { return dispatcher_->take_settlements(); }
  broker::Settlement the_settlement() {
    auto all = settled();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? broker::Settlement{} : all.front();
  }
  std::vector<Verdict> verdicts() {
    std::vector<Verdict> all;
    for (const auto& settlement : settled()) all.push_back(settlement.verdict);
    return all;
  }
  engine::Dispatcher& dispatcher() { return *dispatcher_; }

  Deliveries make_;
  std::unique_ptr<engine::Dispatcher> dispatcher_;
  std::map<std::uint64_t, engine::Start> running_;
};

}  // namespace collective::testing_support
