#include "support/live.hpp"

namespace collective {
namespace {

using testing_support::Collected;
using testing_support::Gate;

class BusFailures : public testing_support::LiveTest {
 protected:
  /// Waits until the group has this many dead letters and returns them.
  std::vector<DeadLetter> dead_letters(EventBus& bus, const std::string& name, std::size_t count) {
    const auto until = std::chrono::steady_clock::now() + testing_support::limit;
    while (std::chrono::steady_clock::now() < until) {
      auto letters = bus.dead_letters("user.events", name);
      if (letters.size() >= count) return letters;
      std::this_thread::yield();
    }
    return bus.dead_letters("user.events", name);
  }
};

TEST_P(BusFailures, FalseAndExceptionRetryUpToTheLastAttemptThenDeadLetterWithTheHistory) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::uint32_t> attempts;
  client.publish(user("u1"));
  const auto s = bus.subscribe<UserRegistered>(
      [&](const Event<UserRegistered>&, Delivery& delivery) -> bool {
        attempts.add(delivery.attempt());
        if (delivery.attempt() == 2) throw std::runtime_error("the mail server is away");
        return false;
      },
      group("g"));
  const auto letters = dead_letters(bus, "g", 1);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(attempts.now(), (std::vector<std::uint32_t>{1, 2, 3}));
  EXPECT_EQ(letters[0].attempts, 3u);
  std::vector<std::string> errors;
  for (const auto& attempt : letters[0].history) errors.push_back(attempt.error);
  EXPECT_EQ(errors, (std::vector<std::string>{"the handler returned false", "the mail server is away", "the handler returned false"}));
}

TEST_P(BusFailures, ARetryDoesNotBlockOtherEvents) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::string> handled;
  auto options = group("g");
  options.retry.base_delay = Millis(3'600'000);
  options.retry.max_delay = Millis(3'600'000);
  client.publish(user("poison"));
  client.publish(user("healthy"));
  const auto s = bus.subscribe<UserRegistered>(
      [&](const Event<UserRegistered>& e) {
        if (e.data.user_id == "poison") return false;
        handled.add(e.data.user_id.str());
        return true;
      },
      options);
  EXPECT_EQ(handled.wait_for(1), std::vector<std::string>{"healthy"});
}

TEST_P(BusFailures, AnOutcomeDeadLettersAtOnceOrRetriesAfterItsOwnDelay) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::uint32_t> attempts;
  client.publish(user("hopeless"));
  client.publish(user("later"));
  auto options = group("g");
  options.retry.base_delay = Millis(3'600'000);  // its own delay overrules this
  const auto s = bus.subscribe<UserRegistered>(
      [&](const Event<UserRegistered>& e, Delivery& delivery) {
        if (e.data.user_id == "hopeless") return Outcome::dead_letter("no such account");
        attempts.add(delivery.attempt());
        return delivery.attempt() == 1 ? Outcome::retry_after(Millis(1)) : Outcome::acknowledge();
      },
      options);
  EXPECT_EQ(attempts.wait_for(2), (std::vector<std::uint32_t>{1, 2}));
  const auto letters = dead_letters(bus, "g", 1);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].reason, "no such account");
}

TEST_P(BusFailures, RepublishingReachesOnlyTheGroupThatFailedAndResetsAttempts) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::string> other;
  Collected<std::uint32_t> generations;
  std::atomic<bool> fixed{false};
  const auto o = bus.subscribe<UserRegistered>([&](const Event<UserRegistered>& e) { return other.add(e.id), true; }, group("other"));
  const auto s = bus.subscribe<UserRegistered>(
      [&](const Event<UserRegistered>&, Delivery& delivery) {
        if (!fixed) return false;
        EXPECT_EQ(delivery.attempt(), 1u);
        generations.add(delivery.generation());
        return true;
      },
      group("g"));
  client.publish(user("u1"), {.correlation_id = "c-1"});
  ASSERT_EQ(dead_letters(bus, "g", 1).size(), 1u);
  fixed = true;
  EXPECT_EQ(bus.republish_dead_letters("user.events", "g"), 1u);
  EXPECT_EQ(generations.wait_for(1), std::vector<std::uint32_t>{1});
  EXPECT_EQ(other.wait_for(1).size(), 1u);
  EXPECT_TRUE(bus.dead_letters("user.events", "g").empty());
  EXPECT_EQ(bus.republish_dead_letters("user.events", "g"), 0u);
}

TEST_P(BusFailures, DeadLettersOlderThanMaxAgeStay) {
  auto client = connected();
  EventBus bus(client);
  client.publish(user("u1"));
  const auto s = bus.subscribe<UserRegistered>([](const Event<UserRegistered>&) { return Outcome::dead_letter("no"); }, group("g"));
  ASSERT_EQ(dead_letters(bus, "g", 1).size(), 1u);
  EXPECT_EQ(bus.republish_dead_letters("user.events", "g", Millis(-1'000)), 0u);
  EXPECT_EQ(bus.dead_letters("user.events", "g").size(), 1u);
}

TEST_P(BusFailures, ADiscardedDeadLetterIsGone) {
  auto client = connected();
  EventBus bus(client);
  client.publish(user("u1"));
  const auto s = bus.subscribe<UserRegistered>([](const Event<UserRegistered>&) { return Outcome::dead_letter("no"); }, group("g"));
  const auto letters = dead_letters(bus, "g", 1);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(bus.discard_dead_letters("user.events", "g", {letters[0].number}), 1u);
  EXPECT_TRUE(bus.dead_letters("user.events", "g").empty());
}

TEST_P(BusFailures, AHandlerPastItsTimeIsAskedToStopAndTheEventIsTriedAgain) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::uint32_t> runs;
  std::atomic<int> count{0};
  auto options = group("g");
  options.concurrency = 2;
  options.max_handling_time = Millis(50);
  client.publish(user("u1"));
  const auto s = bus.subscribe<UserRegistered>(
      [&](const Event<UserRegistered>&, Delivery& delivery) {
        const bool first = count.fetch_add(1) == 0;
        runs.add(delivery.attempt());
        if (!first) return true;
        Gate stopped;
        const std::stop_callback stop(delivery.stop_token(), [&] { stopped.open(); });
        stopped.wait();
        return false;
      },
      options);
  EXPECT_EQ(runs.wait_for(2).size(), 2u);
}

TEST_P(BusFailures, TheBreakerPausesAGroupInWhichEverythingFails) {
  auto client = connected();
  EventBus bus(client);
  std::atomic<int> runs{0};
  struct Alarms : Observer {
    Collected<std::string> seen;
    void alarm(Alarm alarm, std::string_view, std::string_view, std::string_view) override { seen.add(std::string(name(alarm))); }
  };
  auto alarms = std::make_shared<Alarms>();
  auto watched = options();
  watched.observer = alarms;
  EventBus other(watched);
  other.connect();
  for (int i = 0; i < 100; ++i) client.publish(user("u" + std::to_string(i)));
  auto broken = group("g");
  broken.breaker = {.failures = 5, .probe_after = Millis(3'600'000)};
  broken.retry.base_delay = Millis(3'600'000);
  broken.retry.max_delay = Millis(3'600'000);
  const auto s = other.subscribe<UserRegistered>([&](const Event<UserRegistered>&) { return ++runs, false; }, broken);
  EXPECT_EQ(alarms->seen.wait_for(1), std::vector<std::string>{"breaker_open"});
  EXPECT_EQ(runs, 5);
}

COLLECTIVE_ON_EVERY_BROKER(BusFailures);

}  // namespace
}  // namespace collective
