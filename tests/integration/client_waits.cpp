#include <thread>

#include "support/live.hpp"

namespace collective {
namespace {

using testing_support::Collected;
using testing_support::Gate;

class ClientWaits : public testing_support::LiveTest {
 protected:
  static EmbeddingGenerationRequested embedding(const std::string& text) {
    return {.text_content = text, .user_id = "u1", .contextual_core_id = "c1", .priority = EmbeddingPriority::normal};
  }
  static EmbeddingGenerationCompleted completed(const std::string& id) {
    return {.embedding_id = id, .content_hash = "h", .model_id = "m", .dimensions = 3, .generation_time_ms = 1, .cost_usd = 0};
  }
  static Errc code_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.code();
    }
    return Errc::ok;
  }
};

TEST_P(ClientWaits, FindAnAnswerThatCameBeforeTheCall) {
  auto client = connected();
  const auto correlation = new_ulid();
  client.publish(embedding("text"), {.correlation_id = correlation});
  client.publish(completed("e1"), {.correlation_id = correlation});
  EXPECT_EQ(client.wait_for<EmbeddingGenerationCompleted>(correlation).data.embedding_id, "e1");
}

TEST_P(ClientWaits, FindAnAnswerThatComesLater) {
  auto client = connected();
  auto other = connected();
  const auto correlation = new_ulid();
  std::thread answerer([&] { other.publish(completed("e1"), {.correlation_id = correlation}); });
  EXPECT_EQ(client.wait_for<EmbeddingGenerationCompleted>(correlation).data.embedding_id, "e1");
  answerer.join();
}

TEST_P(ClientWaits, EndWithATimeoutThatSaysWhatWasMissing) {
  auto client = connected();
  try {
    (void)client.wait_for<EmbeddingGenerationCompleted>("nobody-answers", Millis(10));
    FAIL() << "an answer that nobody gave";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::timeout);
    EXPECT_NE(std::string(error.what()).find("embedding.generation.completed"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("nobody-answers"), std::string::npos) << error.what();
  }
  EXPECT_EQ(code_of([&] { (void)client.groups("contextual.events"); }), Errc::not_found);  // it left nothing behind
}

TEST_P(ClientWaits, ManyWaitsEachGetTheirOwnAnswer) {
  auto client = connected();
  constexpr int waits = 32;
  std::vector<std::thread> threads;
  Collected<std::string> wrong;
  for (int i = 0; i < waits; ++i) {
    threads.emplace_back([&, i] {
      const auto correlation = "c-" + std::to_string(i);
      const auto event = client.wait_for<EmbeddingGenerationCompleted>(correlation);
      if (event.data.embedding_id != "e-" + std::to_string(i)) wrong.add(correlation);
    });
  }
  for (int i = waits; i-- > 0;) client.publish(completed("e-" + std::to_string(i)), {.correlation_id = "c-" + std::to_string(i)});
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(wrong.now().empty());
}

TEST_P(ClientWaits, ARequestGetsTheAnswerItCausedAndNotAnotherOfTheSameFlow) {
  auto client = connected();
  EventBus bus(client);
  Gate second_asked;
  const auto s = bus.subscribe<EmbeddingGenerationRequested>(
      [&](const Event<EmbeddingGenerationRequested>& e) {
        client.publish(completed("for-" + e.data.text_content));
        return true;
      },
      group("embedder"));
  const auto correlation = new_ulid();
  const auto a = client.request<EmbeddingGenerationCompleted>(embedding("a"), Millis(20'000), {.correlation_id = correlation});
  const auto b = client.request<EmbeddingGenerationCompleted>(embedding("b"), Millis(20'000), {.correlation_id = correlation});
  EXPECT_EQ(a.data.embedding_id, "for-a");
  EXPECT_EQ(b.data.embedding_id, "for-b");
  EXPECT_EQ(a.correlation_id, correlation);
}

TEST_P(ClientWaits, AnEventPublishedInAHandlerInheritsCorrelationUserAndCause) {
  auto client = connected();
  EventBus bus(client);
  const auto s = bus.subscribe<EmbeddingGenerationRequested>(
      [&](const Event<EmbeddingGenerationRequested>&, Delivery& delivery) {
        delivery.publish(completed("e1"));
        return true;
      },
      group("embedder"));
  const auto asked = client.publish(embedding("text"), {.correlation_id = "flow-1"});
  const auto answer = client.wait_for<EmbeddingGenerationCompleted>("flow-1");
  EXPECT_EQ(answer.user_id, "u1");
  EXPECT_EQ(answer.causation_id(), asked.event_id);
  EXPECT_EQ(answer.hops(), 1u);
}

TEST_P(ClientWaits, AnEventLoopEndsAtTheHopLimitWithTheLoopSpelledOut) {
  auto limited = options();
  limited.hop_limit = 4;
  auto client = connected(limited);
  EventBus bus(client);
  Collected<std::string> errors;
  const auto s = bus.subscribe<UserUpdated>(
      [&](const Event<UserUpdated>& e) {
        try {
          client.publish(e.data);
        } catch (const Error& error) {
          errors.add(std::string(name(error.code())) + ": " + error.what());
        }
        return true;
      },
      group("looper"));
  client.publish(UserUpdated{.user_id = "u1"});
  const auto seen = errors.wait_for(1);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_NE(seen[0].find("loop"), std::string::npos);
  EXPECT_NE(seen[0].find("user.updated > user.updated"), std::string::npos) << seen[0];
  EXPECT_EQ(client.read("user.events").size(), 5u);
}

TEST_P(ClientWaits, CloseEndsAWaitAsCancelled) {
  auto client = connected();
  Collected<Errc> ended;
  std::thread waiter([&] { ended.add(code_of([&] { (void)client.wait_for<EmbeddingGenerationCompleted>("c-1"); })); });
  client.close();
  waiter.join();
  const auto code = ended.now().at(0);
  EXPECT_TRUE(code == Errc::cancelled || code == Errc::not_connected) << name(code);  // the latter when close came first
}

COLLECTIVE_ON_EVERY_BROKER(ClientWaits);

}  // namespace
}  // namespace collective
