// Rule 9. wait_for never misses an answer that came between publish and wait, creates no group, leaks nothing on
// timeout, and one connection serves ten thousand waits. It looks back to this client's last publish with that
// correlation id, else to the id's own time minus skew, else five minutes. A request's answer is matched by its cause,
// and by the correlation id only when it names none.
#include <thread>

#include "runtime/answers.hpp"
#include "support/core_test.hpp"
#include "support/embedding_events.hpp"

namespace collective {
namespace {

using namespace testing_support;

class Rule09 : public CoreTest {
 protected:
  static constexpr const char* stream = "contextual.events";
  static AnyEvent wait(detail::Core& core, const std::string& correlation, Millis timeout = seconds(20)) {
    return core.wait_for(stream, "embedding.generation.completed", correlation, timeout);
  }
  static std::string ulid_of(Timestamp time) {
    return UlidGenerator([time] { return time; }).next();
  }
  static Errc code_of(const std::function<void()>& call) { return failure_of(call).code; }
};

TEST_P(Rule09, FindAnAnswerThatCameBeforeTheCall) {
  auto client = connected();
  const auto correlation = new_ulid();
  client.publish(embedding("text"), {.correlation_id = correlation});
  client.publish(completed("e1"), {.correlation_id = correlation});
  EXPECT_EQ(client.wait_for<EmbeddingGenerationCompleted>(correlation).data.embedding_id, "e1");
}

TEST_P(Rule09, FindAnAnswerThatComesLater) {
  auto client = connected();
  auto other = connected();
  const auto correlation = new_ulid();
  std::thread answerer([&] { other.publish(completed("e1"), {.correlation_id = correlation}); });
  EXPECT_EQ(client.wait_for<EmbeddingGenerationCompleted>(correlation).data.embedding_id, "e1");
  answerer.join();
}

TEST_P(Rule09, EndWithATimeoutThatSaysWhatWasMissing) {
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

TEST_P(Rule09, ARequestGetsTheAnswerItCausedAndNotAnotherOfTheSameFlow) {
  auto client = connected();
  EventBus bus(client);
  const auto s = bus.subscribe<EmbeddingGenerationRequested>(
      [&](const Event<EmbeddingGenerationRequested>& e) {
        client.publish(completed("for-" + e.data.text_content));
        return true;
      },
      group("embedder"));
  const auto correlation = new_ulid();
  const auto a =
      client.request<EmbeddingGenerationCompleted>(embedding("a"), Millis(20'000), {.correlation_id = correlation});
  const auto b =
      client.request<EmbeddingGenerationCompleted>(embedding("b"), Millis(20'000), {.correlation_id = correlation});
  EXPECT_EQ(a.data.embedding_id, "for-a");
  EXPECT_EQ(b.data.embedding_id, "for-b");
  EXPECT_EQ(a.correlation_id, correlation);
}

TEST_P(Rule09, CloseEndsAWaitAsCancelled) {
  auto client = connected();
  Collected<Errc> ended;
  std::thread waiter([&] { ended.add(code_of([&] { (void)client.wait_for<EmbeddingGenerationCompleted>("c-1"); })); });
  client.close();
  waiter.join();
  const auto code = ended.now().at(0);
  EXPECT_TRUE(code == Errc::cancelled || code == Errc::not_connected)
      << name(code);  // the latter when close came first
}

TEST_P(Rule09, CloseEndsAWaitThatIsOnlyBeginningAsCancelled) {
  const auto core = connect();
  network->falls_silent();
  Collected<Errc> ended;
  std::thread waiter([&] { ended.add(code_of([&] { wait(*core, "c-1"); })); });
  ASSERT_TRUE(eventually([&] { return network->unanswered() == 1; }));  // it asks where the stream ends
  core->close(seconds(5));
  waiter.join();
  EXPECT_THAT(ended.now(), ElementsAre(Errc::cancelled));
}

TEST_P(Rule09, OneReaderServesTenThousandWaits) {
  UnreliableBroker counted(store.broker);
  const std::shared_ptr<broker::Broker> connection(std::shared_ptr<void>(), &counted);
  const auto answers = std::make_shared<runtime::Answers>(connection, seconds(20));
  Collected<bool> right;
  constexpr int waits = 10'000;
  for (int i = 0; i < waits; ++i) {
    const auto correlation = "c-" + std::to_string(i);
    answers->wait(stream, {"done", correlation, ""}, std::nullopt, minutes(1),
                  [&right, correlation](const auto& answer) {
                    right.add(answer && answer->envelope.correlation_id == correlation);
                  });
  }
  broker::AppendBatch batch;
  batch.stream = stream;
  batch.now = clock->now().wall;
  for (int i = waits; i-- > 0;) {
    Envelope event;
    event.id = "e-" + std::to_string(i);
    event.stream = stream;
    event.type = "done";
    event.correlation_id = "c-" + std::to_string(i);
    event.data = "{}";
    batch.add(event);
  }
  store.broker->append(std::move(batch), [](const auto&) {});
  const auto all = right.wait_for(waits);
  EXPECT_EQ(std::count(all.begin(), all.end(), true), waits);
  EXPECT_EQ(answers->waiting(), 0u);
  EXPECT_EQ(counted.watches(), 1);
  answers->close();
}

TEST_P(Rule09, AWaitLeaksNothingOnTimeout) {
  const auto answers = std::make_shared<runtime::Answers>(store.broker, seconds(20));
  Collected<Errc> ended;
  for (int i = 0; i < 100; ++i) {
    answers->wait(stream, {"done", "c-" + std::to_string(i), ""}, std::nullopt, milliseconds(1),
                  [&](const auto& answer) { ended.add(answer ? Errc::ok : answer.error().code); });
  }
  EXPECT_EQ(ended.wait_for(100), std::vector<Errc>(100, Errc::timeout));
  EXPECT_EQ(answers->waiting(), 0u);
  answers->close();
}

TEST_P(Rule09, AWaitCreatesNoGroup) {
  const auto core = connect();
  publish(*core, completed("e1"), {.correlation_id = "c-1"});
  wait(*core, "c-1");
  EXPECT_THAT(core->groups(stream), IsEmpty());
  EXPECT_EQ(network->joins(), 0);
}

TEST_P(Rule09, AWaitLooksBackToThisClientsLastPublishWithTheCorrelationId) {
  const auto core = connect();
  publish(*core, completed("earlier"), {.correlation_id = "c-1"});
  publish(*core, embedding("question"), {.correlation_id = "c-1"});
  clock->advance(hours(10));
  EXPECT_EQ(code_of([&] { wait(*core, "c-1", milliseconds(1)); }), Errc::timeout);
  publish(*connect(), completed("answer"), {.correlation_id = "c-1"});
  clock->advance(hours(10));
  EXPECT_EQ(wait(*core, "c-1").as<EmbeddingGenerationCompleted>().data.embedding_id, "answer");
}

TEST_P(Rule09, AWaitLooksBackToTheTimeOfTheCorrelationIdMinusSkew) {
  const auto correlation = ulid_of(clock->now().wall);
  publish(*connect(), completed("e1"), {.correlation_id = correlation});
  clock->advance(hours(10));
  EXPECT_EQ(wait(*connect(), correlation).as<EmbeddingGenerationCompleted>().data.embedding_id, "e1");
  const auto fast_clock = ulid_of(clock->now().wall + seconds(1));
  publish(*connect(), completed("e2"), {.correlation_id = fast_clock});
  EXPECT_EQ(wait(*connect(), fast_clock).as<EmbeddingGenerationCompleted>().data.embedding_id, "e2");
}

TEST_P(Rule09, AWaitForAnythingElseLooksBackFiveMinutes) {
  publish(*connect(), completed("e1"), {.correlation_id = "c-1"});
  clock->advance(minutes(5) - seconds(1));
  EXPECT_EQ(wait(*connect(), "c-1").as<EmbeddingGenerationCompleted>().data.embedding_id, "e1");
  clock->advance(seconds(2));
  EXPECT_EQ(code_of([&] { wait(*connect(), "c-1", milliseconds(1)); }), Errc::timeout);
}

TEST_P(Rule09, AnAnswerIsNotMissedWhenTheAnsweringHandlerOfThisClientPublishesMore) {
  auto client = connected();
  EventBus bus(client);
  Collected<int> handled;
  const auto s = bus.subscribe<EmbeddingGenerationRequested>(
      [&](const Event<EmbeddingGenerationRequested>&) {
        client.publish(completed("answer"));
        client.publish(FileProcessingStarted{.file_id = "f1", .processing_type = ProcessingType::embedding_generation});
        handled.add(1);
        return true;
      },
      group("embedder"));
  client.publish(embedding("text"), {.correlation_id = "c-1"});
  ASSERT_EQ(handled.wait_for(1).size(), 1u);
  EXPECT_EQ(client.wait_for<EmbeddingGenerationCompleted>("c-1", seconds(2)).data.embedding_id, "answer");
}

TEST_P(Rule09, NestedRequestsOfOneFlowDoNotTakeEachOthersAnswers) {
  auto client = connected();
  EventBus bus(client);
  auto two = group("embedder");
  two.concurrency = 2;
  const auto s = bus.subscribe<EmbeddingGenerationRequested>(
      [&](const Event<EmbeddingGenerationRequested>& e) {
        auto text = e.data.text_content;
        if (text == "outer") {
          const auto inner = client.request<EmbeddingGenerationCompleted>(embedding("inner"));
          text += " with " + inner.data.embedding_id.str();
        }
        client.publish(completed("for-" + text.substr(0, 5)));
        return true;
      },
      two);
  EXPECT_EQ(client.request<EmbeddingGenerationCompleted>(embedding("outer")).data.embedding_id, "for-outer");
}

TEST_P(Rule09, AnAnswerThatNamesNoCauseIsMatchedByTheCorrelationId) {
  auto client = connected();
  auto other = connected();
  EventBus bus(other);
  const auto s = bus.subscribe<EmbeddingGenerationRequested>(
      [&](const Event<EmbeddingGenerationRequested>& e) {
        other.publish(completed("e1"), {.correlation_id = e.correlation_id, .new_chain = true});
        return true;
      },
      group("embedder"));
  EXPECT_EQ(client.request<EmbeddingGenerationCompleted>(embedding("text")).data.embedding_id, "e1");
}

TEST_P(Rule09, ARequestMadeAgainUnderItsIdGetsTheAnswerThatCameBefore) {
  auto client = connected();
  EventBus bus(client);
  const auto s = bus.subscribe<EmbeddingGenerationRequested>(
      [&](const Event<EmbeddingGenerationRequested>&) {
        client.publish(completed("e1"));
        return true;
      },
      group("g"));
  const PublishOptions same{.event_id = new_ulid()};
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(client.request<EmbeddingGenerationCompleted>(embedding("text"), Millis(20'000), same).data.embedding_id,
              "e1");
  }
}

COLLECTIVE_ON_EVERY_BROKER(Rule09);

}  // namespace
}  // namespace collective
