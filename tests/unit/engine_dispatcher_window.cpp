#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dispatcher_driver.hpp"

namespace collective::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using namespace testing_support;

class EngineDispatcherWindow : public DispatcherTest {
 protected:
  std::uint32_t room(Nanos when = ms(0)) { return dispatcher().room(at(when)); }
  /// One event handled in `took`: the handlers' speed is known from then on.
  void handle_one(Nanos took) {
    arrive({make_.make(1)});
    start();
    end(1, Outcome::acknowledge(), took);
    settled();
  }
};

TEST_F(EngineDispatcherWindow, BeforeAnySpeedIsKnownItIsTheFreeHandlers) {
  make();
  dispatcher().add(subscription(1, 4));
  EXPECT_EQ(room(), 4u);
  arrive({make_.make(1)});
  start();
  EXPECT_EQ(room(), 3u);
}

TEST_F(EngineDispatcherWindow, ThenAlsoWhatIsExpectedToEndWithinATenthOfTheLease) {
  make({.lease = Millis(30'000)});
  dispatcher().add(subscription(1, 2));
  handle_one(ms(1'000));
  EXPECT_EQ(room(), 2u + 6u);
}

TEST_F(EngineDispatcherWindow, ASlowHandlerIsGivenNothingBeyondWhatItRuns) {
  make({.lease = Millis(30'000)});
  dispatcher().add(subscription());
  handle_one(ms(10'000));
  arrive({make_.make(2)});
  start();
  EXPECT_EQ(room(), 0u);
}

TEST_F(EngineDispatcherWindow, NeverBeyondThePrefetchLimit) {
  make({.prefetch = 50});
  dispatcher().add(subscription(1, 4));
  handle_one(ms(0));
  EXPECT_EQ(room(), 50u);
  arrive(make_.many(2, 51));
  EXPECT_EQ(room(), 0u);
  arrive({make_.make(60)});
  EXPECT_EQ(the_settlement().verdict, Verdict::release) << "more than asked for goes back";
}

TEST_F(EngineDispatcherWindow, OnlyRoutesWithRoomAreAskedForInEveryVersionKnown) {
  make();
  auto letters = subscription(1);
  letters.routes = {{"letter", 3}};
  dispatcher().add(letters);
  dispatcher().add(subscription(2, 1, "parcel"));
  EXPECT_THAT(dispatcher().routes_with_room(at(ms(0))),
              UnorderedElementsAre("letter", "letter/2", "letter/3", "parcel"));
  arrive({make_.make(1)});
  start();
  EXPECT_THAT(dispatcher().routes_with_room(at(ms(0))), ElementsAre("parcel"));
  EXPECT_THAT(dispatcher().routes(), UnorderedElementsAre("letter", "parcel"));
}

TEST_F(EngineDispatcherWindow, AHeldKeyTakesNoHandlersPlace) {
  make({.ordering = Ordering::per_key});
  dispatcher().add(subscription());
  arrive({make_.keyed(1, "a")});
  start();
  end(1, Outcome::retry(), ms(20'000));
  EXPECT_EQ(room(ms(20'000)), 1u);
  EXPECT_TRUE(dispatcher().idle(at(ms(20'000))));
}

TEST_F(EngineDispatcherWindow, HeldKeysStayWithinThePrefetchLimit) {
  make({.ordering = Ordering::per_key, .prefetch = 5});
  dispatcher().add(subscription());
  for (std::uint64_t n = 1; n <= 5; ++n) {
    arrive({make_.keyed(n, "key-" + std::to_string(n))});
    start();
    end(n, Outcome::retry_after(Millis(60'000)));
  }
  EXPECT_EQ(room(), 0u);
}

TEST_F(EngineDispatcherWindow, ABatchThatPausesAsksForNoTimeThatPassed) {
  make({.breaker = {.failures = 1, .probe_after = Millis(5'000)}});
  auto batches = subscription();
  batches.batch_size = 2;
  batches.batch_wait = Millis(10);
  dispatcher().add(batches);
  arrive(make_.many(1, 2));
  start();
  end(1, Outcome::retry());
  arrive({make_.make(3)});
  EXPECT_THAT(start(ms(50)), IsEmpty());
  EXPECT_EQ(dispatcher().timer(at(ms(50))), at(ms(5'000)).mono);
}

TEST_F(EngineDispatcherWindow, AHeldKeyIsWokenAlthoughAnotherSubscriptionsWorkIsDueAndWaits) {
  make({.ordering = Ordering::per_key});
  dispatcher().add(subscription(1));
  dispatcher().add(subscription(2, 1, "parcel"));
  arrive({make_.make(1, {.type = "parcel", .key = "a"}), make_.keyed(2, "b")});
  start();
  arrive({make_.make(3, {.type = "parcel", .key = "c"})});  // due, but its handler is busy
  end(2, Outcome::retry());
  EXPECT_EQ(dispatcher().timer(at(ms(0))), at(ms(1'000)).mono);
}

TEST_F(EngineDispatcherWindow, HeldNamesAllThatWaitsAndRuns) {
  make();
  dispatcher().add(subscription(1, 2));
  arrive({make_.make(1)});
  start();
  arrive({make_.make(2)});
  EXPECT_THAT(dispatcher().held(), SizeIs(2));
}

}  // namespace
}  // namespace collective::engine
