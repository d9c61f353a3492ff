#include <atomic>

#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

class Close : public ContractTest {
 protected:
  void close(Millis limit = seconds(20)) { store().broker().close(std::chrono::steady_clock::now() + limit); }
};
COLLECTIVE_ON_EVERY_STORE(Close);

TEST_P(Close, AnswersEverythingThatWaits) {
  constexpr int calls = 200;
  std::atomic<int> answers = 0;
  for (int i = 0; i < calls; ++i) {
    store().broker().append(batch({event()}), [&](const auto&) { ++answers; });
  }
  close();
  EXPECT_EQ(answers, calls);
}

TEST_P(Close, AnswersOnceAlsoWhenTheDeadlineHasPassed) {
  constexpr int calls = 200;
  const auto answers = std::make_shared<std::atomic<int>>(0);
  for (int i = 0; i < calls; ++i) {
    store().broker().append(batch({event()}), [answers](const auto&) { ++*answers; });
  }
  close(Millis(0));
  EXPECT_EQ(*answers, calls);
}

TEST_P(Close, ReturnsEachTime) {
  close();
  close();
}

TEST_P(Close, ReturnsWhenAReplyCloses) {
  std::atomic<bool> closed = false;
  store().broker().append(batch({event()}), [&](const auto&) {
    close();
    closed = true;
    closed.notify_all();
  });
  closed.wait(false);
  close();
}

/// A store that lives in the process goes on for whoever else uses it; one that was let go refuses.
TEST_P(Close, CallsAfterwardsAreAnswered) {
  close();
  const auto in_order = [](const auto& answer) {
    return answer.has_value() || answer.error().code == Errc::not_connected;
  };
  EXPECT_TRUE(in_order(store().append(batch({event()}))));
  EXPECT_TRUE(in_order(store().join(joining("m1"))));
  EXPECT_TRUE(in_order(store().exchange(asking("m1"))));
  EXPECT_TRUE(in_order(store().leave(readers, "m1", now)));
  EXPECT_TRUE(in_order(store().read({.stream = "things"})));
  EXPECT_TRUE(in_order(store().upkeep({.stream = "things", .now = now})));
  EXPECT_TRUE(in_order(store().streams()));
  EXPECT_TRUE(in_order(store().destroy_group(readers)));
}

TEST_P(Close, AWatchMayOutliveTheStore) {
  auto handle = store().broker().watch("things", [] {});
  close();
  handle.reset();
  handle = store().broker().watch("things", [] {});
}

}  // namespace
}  // namespace collective::conformance
