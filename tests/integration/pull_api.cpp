#include "support/live.hpp"

namespace collective {
namespace {

class PullApi : public testing_support::LiveTest {
 protected:
  static FetchOptions from(const std::string& name) {
    FetchOptions options;
    options.group = name;
    options.wait = Millis(10'000);
    return options;
  }
};

TEST_P(PullApi, HandsOutAnEventWithATokenThatSettlesItOnce) {
  auto client = connected();
  EventBus bus(client);
  client.publish(user("u1"));
  const auto pulled = bus.fetch("user.events", from("g"));
  ASSERT_EQ(pulled.size(), 1u);
  EXPECT_EQ(pulled[0].event.envelope.user_id, "u1");
  EXPECT_EQ(pulled[0].attempt, 1u);
  EXPECT_EQ(bus.acknowledge(pulled[0].token), Settlement::done);
  EXPECT_EQ(bus.acknowledge(pulled[0].token), Settlement::gone);
}

TEST_P(PullApi, ATokenWorksFromAnotherConnectionAsText) {
  auto client = connected();
  EventBus bus(client);
  client.publish(user("u1"));
  const auto text = bus.fetch("user.events", from("g")).at(0).token.text;
  EventBus other(options());
  other.connect();
  EXPECT_EQ(other.acknowledge({text}), Settlement::done);
  EXPECT_THROW(other.acknowledge({"nonsense"}), Error);
}

TEST_P(PullApi, RetryComesBackWithOneMoreAttemptAndEndsInTheDeadLetters) {
  auto client = connected();
  EventBus bus(client);
  client.publish(user("u1"));
  auto options = from("g");
  options.max_attempts = 2;
  EXPECT_EQ(bus.retry(bus.fetch("user.events", options).at(0).token, Millis(0), "first"), Settlement::done);
  const auto again = bus.fetch("user.events", options).at(0);
  EXPECT_EQ(again.attempt, 2u);
  EXPECT_EQ(bus.retry(again.token, Millis(0), "second"), Settlement::done);
  const auto letters = bus.dead_letters("user.events", "g");
  ASSERT_EQ(letters.size(), 1u);
  ASSERT_EQ(letters[0].history.size(), 2u);
  EXPECT_EQ(letters[0].history[0].error, "first");
  EXPECT_EQ(letters[0].history[1].error, "second");
}

TEST_P(PullApi, PendingListsWhoHoldsWhat) {
  auto client = connected();
  EventBus bus(client);
  client.publish(user("u1"));
  auto options = from("g");
  options.consumer = "shell-worker";
  (void)bus.fetch("user.events", options);
  const auto pending = bus.pending("user.events", "g");
  ASSERT_EQ(pending.size(), 1u);
  EXPECT_EQ(pending[0].consumer, "shell-worker");
}

COLLECTIVE_ON_EVERY_BROKER(PullApi);

}  // namespace
}  // namespace collective
