#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/hand_made.hpp"

namespace collective::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace testing_support;

class EngineOrderedBacklog : public ::testing::Test {
 protected:
  void push(std::uint64_t number, const std::string& key, std::uint32_t subscription = 1) {
    Work work{make_.make(number), nullptr, subscription, ms(0), key};
    backlog_->push(std::move(work));
  }
  std::vector<Work> take(std::size_t max = 10, Nanos when = ms(0), std::uint32_t subscription = 1) {
    return backlog_->take(subscription, max, at(when).wall);
  }
  std::uint64_t take_one(Nanos when = ms(0)) {
    auto taken = take(1, when);
    if (taken.empty()) return 0;
    last_ = taken.front();
    return number_of(last_);
  }
  void hold(Work work, Nanos until) {
    work.delivered.progress.due = at(until).wall;
    backlog_->hold(std::move(work));
  }

  Deliveries make_;
  std::unique_ptr<Backlog> backlog_ = make_ordered_backlog();
  Work last_;
};

TEST_F(EngineOrderedBacklog, TheHeadOfAKeyRunsAlone) {
  push(1, "a");
  push(2, "a");
  EXPECT_EQ(take_one(), 1u);
  EXPECT_THAT(take(), IsEmpty());
  backlog_->done(last_);
  EXPECT_EQ(take_one(), 2u);
}

TEST_F(EngineOrderedBacklog, OfSeveralKeysTheEarliestOfTheStreamGoesFirst) {
  push(5, "a");
  push(3, "z");
  push(4, "m");
  EXPECT_EQ(take_one(), 3u);
  EXPECT_EQ(take_one(), 4u);
  EXPECT_EQ(take_one(), 5u);
}

TEST_F(EngineOrderedBacklog, AHeldEventKeepsItsKeyAndNoOther) {
  push(1, "a");
  push(2, "a");
  push(3, "b");
  take_one();
  hold(last_, ms(100));
  EXPECT_EQ(take_one(ms(99)), 3u);
  EXPECT_EQ(take_one(ms(99)), 0u);
  EXPECT_EQ(take_one(ms(100)), 1u);
}

TEST_F(EngineOrderedBacklog, TheNextDueTimeIsNeverOneThatPassed) {
  push(1, "a");
  push(2, "b");
  take_one();
  hold(last_, ms(100));
  EXPECT_EQ(backlog_->due(at(ms(0)).wall), at(ms(100)).wall);  // "b" could go at once, and waits for no time
  EXPECT_EQ(backlog_->due(at(ms(100)).wall), std::nullopt);
}

TEST_F(EngineOrderedBacklog, WhatWaitsForAHeldKeyIsNotReady) {
  push(1, "a");
  push(2, "a");
  push(3, "b");
  take_one();
  EXPECT_EQ(backlog_->ready(1, at(ms(0)).wall), 2u);
  hold(last_, ms(100));
  EXPECT_EQ(backlog_->ready(1, at(ms(0)).wall), 1u);
  EXPECT_EQ(backlog_->ready(1, at(ms(100)).wall), 3u);
}

TEST_F(EngineOrderedBacklog, RepublishedWorkStandsOutsideTheOrder) {
  push(1, "a");
  take_one();
  Work side{make_.make(9, {.side = true}), nullptr, 1, ms(0), "a"};
  backlog_->push(std::move(side));
  EXPECT_EQ(take_one(), 9u);
}

TEST_F(EngineOrderedBacklog, ClearingReturnsAllThatWaitsAndKeepsTheRunningKeyBusy) {
  push(1, "a");
  push(2, "a");
  push(3, "b", 2);
  take_one();
  EXPECT_EQ(backlog_->clear().size(), 2u);
  EXPECT_EQ(backlog_->waiting(), 0u);
  push(2, "a");
  EXPECT_THAT(take(), IsEmpty());
  backlog_->done(last_);
  EXPECT_EQ(take_one(), 2u);
}

TEST_F(EngineOrderedBacklog, ClearingOneSubscriptionLeavesTheOthers) {
  push(1, "a", 1);
  push(2, "a", 2);
  EXPECT_EQ(backlog_->clear(1).size(), 1u);
  EXPECT_EQ(backlog_->waiting(1), 0u);
  EXPECT_EQ(backlog_->waiting(2), 1u);
  EXPECT_EQ(take(1, ms(0), 2).size(), 1u);
}

}  // namespace
}  // namespace collective::engine
