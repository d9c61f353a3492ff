// Rule 12. An event published from a handler inherits the correlation id, records its cause and a hop count; past the
// hop limit (32) publishing fails with an error that shows the loop. A chain that means to go on starts anew
// explicitly.
#include <thread>

#include <gmock/gmock.h>

#include "support/embedding_events.hpp"
#include "support/recorded.hpp"

namespace collective {
namespace {

using namespace testing_support;

class Rule12 : public LiveTest {
 protected:
  using Handler = std::function<void(EventClient&, Delivery&)>;
  /// Publishes an event of flow-1 whose handler does this, and returns it with the one that the handler published.
  void handle(const Handler& handler) {
    auto client = connected();
    EventBus bus(client);
    Collected<int> handled;
    const auto s = bus.subscribe<EmbeddingGenerationRequested>(
        [&](const Event<EmbeddingGenerationRequested>&, Delivery& delivery) {
          handler(client, delivery);
          handled.add(1);
          return true;
        },
        group("embedder"));
    cause = client.publish(embedding("text"), {.correlation_id = "flow-1"}).event_id;
    ASSERT_EQ(handled.wait_for(1).size(), 1u);
    const auto events = client.read("contextual.events", {.type = "embedding.generation.completed"});
    for (const auto& event : events) caused.push_back(event.header());
    ASSERT_FALSE(caused.empty());
  }
  void expect_inherited() const {
    for (const auto& event : caused) {
      EXPECT_EQ(event.correlation_id, "flow-1");
      EXPECT_EQ(event.user_id, "u1");
      EXPECT_EQ(event.causation_id(), cause);
      EXPECT_EQ(event.hops(), 1u);
    }
  }
  void expect_nothing_inherited() const {
    EXPECT_EQ(caused[0].correlation_id, "");
    EXPECT_EQ(caused[0].causation_id(), "");
    EXPECT_EQ(caused[0].hops(), 0u);
  }
  std::string cause;
  std::vector<EventHeader> caused;
};

TEST_P(Rule12, APublishOnTheHandlersThreadInherits) {
  handle([](EventClient& client, Delivery&) { client.publish(completed("e1")); });
  expect_inherited();
}

TEST_P(Rule12, EveryKindOfPublishOnTheHandlersThreadInherits) {
  handle([](EventClient& client, Delivery&) {
    client.publish_batch(std::vector{completed("e1"), completed("e2")});
    client.publish_async(completed("e3")).get();
    client.publish("embedding.generation.completed", encode(completed("e4")));
  });
  EXPECT_EQ(caused.size(), 4u);
  expect_inherited();
}

TEST_P(Rule12, APublishThroughTheDeliveryInheritsOnAnyThread) {
  handle([](EventClient&, Delivery& delivery) { std::thread([&] { delivery.publish(completed("e1")); }).join(); });
  expect_inherited();
}

TEST_P(Rule12, APublishOnAnotherThreadWithoutTheDeliveryInheritsNothing) {
  handle([](EventClient& client, Delivery&) { std::thread([&] { client.publish(completed("e1")); }).join(); });
  expect_nothing_inherited();
}

TEST_P(Rule12, AnotherClientOfTheProcessInheritsToo) {
  auto other = connected();
  handle([&](EventClient&, Delivery&) { other.publish(completed("e1")); });
  expect_inherited();
}

TEST_P(Rule12, ACorrelationIdGivenExplicitlyPrevails) {
  handle([](EventClient& client, Delivery&) { client.publish(completed("e1"), {.correlation_id = "flow-2"}); });
  EXPECT_EQ(caused[0].correlation_id, "flow-2");
  EXPECT_EQ(caused[0].causation_id(), cause);
}

TEST_P(Rule12, ANewChainInheritsNothing) {
  handle([](EventClient& client, Delivery&) { client.publish(completed("e1"), {.new_chain = true}); });
  expect_nothing_inherited();
}

TEST_P(Rule12, ARequestFromAHandlerContinuesTheChain) {
  handle([](EventClient& client, Delivery&) {
    (void)failure_of([&] { (void)client.request<EmbeddingGenerationRequested>(completed("e1"), Millis(1)); });
  });
  expect_inherited();
}

TEST_P(Rule12, AnEventLoopEndsAtTheHopLimitOf32WithTheLoopSpelledOut) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::string> errors;
  const auto s = bus.subscribe<UserUpdated>(
      [&](const Event<UserUpdated>& e) {
        const auto failed = failure_of([&] { client.publish(e.data); });
        if (failed.code != Errc::ok) errors.add(std::string(name(failed.code)) + ": " + failed.message);
        return true;
      },
      group("looper"));
  client.publish(UserUpdated{.user_id = "u1"});
  const auto seen = errors.wait_for(1);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_TRUE(seen[0].starts_with("loop: ")) << seen[0];
  EXPECT_NE(seen[0].find("user.updated > user.updated"), std::string::npos) << seen[0];
  EXPECT_NE(seen[0].find("new_chain"), std::string::npos) << seen[0];
  const auto events = client.read("user.events");
  ASSERT_EQ(events.size(), 33u);
  EXPECT_EQ(events.back().header().hops(), 32u);
}

TEST_P(Rule12, TheHopLimitIsAnOption) {
  auto limited = options();
  limited.hop_limit = 4;
  auto client = connected(limited);
  EventBus bus(client);
  Collected<Errc> ended;
  const auto s = bus.subscribe<UserUpdated>(
      [&](const Event<UserUpdated>& e) {
        const auto failed = failure_of([&] { client.publish(e.data); });
        if (failed.code != Errc::ok) ended.add(failed.code);
        return true;
      },
      group("looper"));
  client.publish(UserUpdated{.user_id = "u1"});
  EXPECT_EQ(ended.wait_for(1), std::vector<Errc>{Errc::loop});
  EXPECT_EQ(client.read("user.events").size(), 5u);
}

TEST_P(Rule12, AChainThatMeansToGoOnStartsAnewExplicitly) {
  auto limited = options();
  limited.hop_limit = 2;
  auto client = connected(limited);
  EventBus bus(client);
  Collected<std::uint32_t> hops;
  const auto s = bus.subscribe<UserUpdated>(
      [&](const Event<UserUpdated>& e) {
        hops.add(e.hops());
        if (hops.now().size() < 6) client.publish(e.data, {.new_chain = e.hops() == 2});
        return true;
      },
      group("looper"));
  client.publish(UserUpdated{.user_id = "u1"});
  EXPECT_THAT(hops.wait_for(6), ::testing::ElementsAre(0u, 1u, 2u, 0u, 1u, 2u));
}

COLLECTIVE_ON_EVERY_BROKER(Rule12);

}  // namespace
}  // namespace collective
