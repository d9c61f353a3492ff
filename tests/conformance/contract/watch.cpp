#include <condition_variable>
#include <mutex>

#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

/// Counts calls. They come from any thread, and more of them than needed are allowed.
class Calls {
 public:
  std::function<void()> counter() {
    return [this] {
      const std::lock_guard lock(mutex_);
      ++count_;
      called_.notify_all();
    };
  }
  /// Whether a call came since the last `wait`, or within a limit that only a failure reaches.
  bool wait() {
    std::unique_lock lock(mutex_);
    const bool came = called_.wait_for(lock, seconds(10), [&] { return count_ > waited_for_; });
    waited_for_ = count_;
    return came;
  }
  std::uint64_t count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable called_;
  std::uint64_t count_ = 0;
  std::uint64_t waited_for_ = 0;
};

class Watch : public ContractTest {
 protected:
  /// Watches from here on; what happened before is not counted.
  void watch() { handle_ = store().broker().watch("things", calls.counter()); }

  Calls calls;

 private:
  broker::Broker::Watch handle_;
};
COLLECTIVE_ON_EVERY_STORE(Watch);

TEST_P(Watch, TellsOfAppendedEntries) {
  watch();
  append();
  EXPECT_TRUE(calls.wait());
  append();
  EXPECT_TRUE(calls.wait());
}

TEST_P(Watch, TellsOfAStreamThatComesToBe) {
  watch();
  EXPECT_THAT(store().streams().value(), IsEmpty());
  append();
  EXPECT_TRUE(calls.wait());
}

TEST_P(Watch, TellsOfDelayedEventsWhenStoredAndWhenVisible) {
  watch();
  auto delayed = batch({event()});
  delayed.events[0].not_before = now + seconds(1);
  store().append(delayed).value();
  EXPECT_TRUE(calls.wait()) << "somebody has to plan the upkeep";
  now += seconds(1);
  promote();
  EXPECT_TRUE(calls.wait());
}

TEST_P(Watch, TellsOfWorkThatComesBack) {
  join("m1");
  append_some(2);
  const auto work = fetch("m1").deliveries;
  watch();
  settle("m1", park(work[0]));
  EXPECT_TRUE(calls.wait());
  settle("m1", release(work[1].ticket));
  EXPECT_TRUE(calls.wait());
}

TEST_P(Watch, TellsOfWorkParkedForOthers) {
  join("m1", {"a", "b"});
  append("b");
  watch();
  fetch("m1", 10, {"a"});
  EXPECT_TRUE(calls.wait());
}

TEST_P(Watch, TellsOfAMemberThatLeavesOrEnds) {
  for (const auto* const member : {"m1", "m2", "m3"}) join(member);
  append_some(2);
  fetch_one("m1");
  fetch_one("m2");
  watch();
  store().leave(readers, "m1", now).value();
  EXPECT_TRUE(calls.wait());
  now += seconds(30);
  fetch("m3", 0);
  EXPECT_TRUE(calls.wait());
}

TEST_P(Watch, TellsOfALaneThatBecameFree) {
  join("m1");
  fetch_in_order("m1");
  now += seconds(30);
  join("m2");
  watch();
  fetch("m2", 0);
  EXPECT_EQ(group().lane_holder, "");
  EXPECT_TRUE(calls.wait());
}

TEST_P(Watch, TellsOfADeliveryThatExpired) {
  join("m1");
  append();
  auto request = asking("m1");
  request.visibility = seconds(5);
  exchange(request);
  watch();
  now += seconds(5);
  fetch("m1", 0);
  EXPECT_TRUE(calls.wait());
}

TEST_P(Watch, TellsTheHolderOfALaneOfWorkThatLeftItsWay) {
  join("m1");
  append_some(2);
  auto request = asking("m1");
  request.visibility = minutes(10);
  const auto work = exchange(request).deliveries;
  now += seconds(30);
  join("m2");
  append();
  ASSERT_THAT(fetch_in_order("m2").deliveries, IsEmpty()) << "what a member that ended still holds comes first";
  watch();
  settle("m1", acknowledge(work[0].ticket));
  EXPECT_TRUE(calls.wait());
  settle("m1", bury(work[1]));
  EXPECT_TRUE(calls.wait());
  EXPECT_THAT(fetch_in_order("m2").deliveries, SizeIs(1));
}

TEST_P(Watch, TellsOfRepublishedAndReplayedWork) {
  join("m1");
  append();
  settle("m1", bury(fetch_one("m1")));
  watch();
  store().republish(readers, {1}, now).value();
  EXPECT_TRUE(calls.wait());
  store().replay(readers, {}).value();
  EXPECT_TRUE(calls.wait());
}

TEST_P(Watch, TellsOfAForgottenRouteAndADestroyedGroup) {
  join("m1", {"a"});
  watch();
  store().forget(readers, "a").value();
  EXPECT_TRUE(calls.wait()) << "what waited in an ordered group's way may be gone";
  store().destroy_group(readers).value();
  EXPECT_TRUE(calls.wait()) << "its members have to join again";
}

TEST_P(Watch, SeveralWatchesAreAllTold) {
  Calls others;
  watch();
  const auto other = store().broker().watch("things", others.counter());
  append();
  EXPECT_TRUE(calls.wait());
  EXPECT_TRUE(others.wait());
}

TEST_P(Watch, EndsWithItsHandle) {
  Calls ended;
  auto handle = store().broker().watch("things", ended.counter());
  watch();
  append();
  ASSERT_TRUE(ended.wait());
  ASSERT_TRUE(calls.wait());
  handle.reset();
  append();
  ASSERT_TRUE(calls.wait());  // a call that was running when the handle went is through by now
  const auto before = ended.count();
  append();
  ASSERT_TRUE(calls.wait());
  EXPECT_EQ(ended.count(), before);
}

TEST_P(Watch, MayAskTheStoreWhenItIsCalled) {
  Calls asked;
  const auto handle = store().broker().watch(
      "things", [&, count = asked.counter()] { store().admin().streams([count](const auto&) { count(); }); });
  append();
  EXPECT_TRUE(asked.wait());
}

}  // namespace
}  // namespace collective::conformance
