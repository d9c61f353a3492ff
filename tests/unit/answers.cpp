#include "runtime/answers.hpp"

#include <future>

#include <gtest/gtest.h>

#include "broker/memory/memory.hpp"

namespace collective::runtime {
namespace {

/// A store whose publishers are killed before they can tell anybody of what they stored.
class SilentBroker : public broker::Broker {
 public:
  void append(broker::AppendBatch batch, broker::Reply<std::vector<broker::Appended>> reply) override {
    inner_->append(std::move(batch), std::move(reply));
  }
  void join(broker::Join request, broker::Reply<EntryId> reply) override {
    inner_->join(std::move(request), std::move(reply));
  }
  void exchange(broker::Exchange request, broker::Reply<broker::Exchanged> reply) override {
    inner_->exchange(std::move(request), std::move(reply));
  }
  void leave(broker::GroupKey key, std::string member, Timestamp now, broker::Reply<bool> reply) override {
    inner_->leave(std::move(key), std::move(member), now, std::move(reply));
  }
  void read(broker::Read request, broker::Reply<broker::Page> reply) override {
    inner_->read(std::move(request), std::move(reply));
  }
  void upkeep(broker::Upkeep request, broker::Reply<broker::UpkeepReport> reply) override {
    inner_->upkeep(std::move(request), std::move(reply));
  }
  Watch watch(const std::string&, std::function<void()>) override { return std::make_shared<int>(0); }
  void close(std::chrono::steady_clock::time_point deadline) override { inner_->close(deadline); }

 private:
  std::shared_ptr<broker::Broker> inner_ = memory::open("silent").broker;
};

TEST(Answers, AWaitLooksOnceMoreBeforeItTimesOut) {
  const auto store = std::make_shared<SilentBroker>();
  const auto answers = std::make_shared<Answers>(store, Millis(5'000));
  std::promise<broker::Result<AnyEvent>> answer;
  answers->wait("s", {.type = "t", .correlation_id = "c", .request_id = {}}, std::nullopt, Millis(50),
                [&](auto result) { answer.set_value(std::move(result)); });
  Envelope event;
  event.id = "the-answer";
  event.type = "t";
  event.correlation_id = "c";
  broker::AppendBatch batch;
  batch.stream = "s";
  batch.add(event);
  store->append(batch, [](const auto&) {});
  const auto result = answer.get_future().get();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->envelope.id, "the-answer");
  answers->close();
}

/// On the stream "busy" something new is there whenever somebody reads.
class BusyBroker final : public SilentBroker {
 public:
  void read(broker::Read request, broker::Reply<broker::Page> reply) override {
    if (request.stream == "busy") append_to("busy", "noise");
    SilentBroker::read(std::move(request), std::move(reply));
  }
  void append_to(const std::string& stream, const std::string& type) {
    Envelope event;
    event.id = "event";
    event.type = type;
    event.correlation_id = "c";
    broker::AppendBatch batch;
    batch.stream = stream;
    batch.add(event);
    append(batch, [](const auto&) {});
  }
};

TEST(Answers, ABusyStreamDoesNotKeepTheOthersWaiting) {
  const auto store = std::make_shared<BusyBroker>();
  const auto answers = std::make_shared<Answers>(store, Millis(5'000));
  answers->wait("busy", {.type = "never", .correlation_id = "c", .request_id = {}}, std::nullopt, Millis(60'000),
                [](const auto&) {});
  std::promise<broker::Result<AnyEvent>> answer;
  answers->wait("calm", {.type = "t", .correlation_id = "c", .request_id = {}}, std::nullopt, Millis(200),
                [&](auto result) { answer.set_value(std::move(result)); });
  store->append_to("calm", "t");
  const auto result = answer.get_future().get();
  EXPECT_TRUE(result) << result.error().message;
  answers->close();
}

TEST(Answers, AWaitThatCannotLookBackEndsWithTheReason) {
  class Broken final : public SilentBroker {
   public:
    void read(broker::Read request, broker::Reply<broker::Page> reply) override {
      if (request.after != EntryId::max()) return reply(broker::Failure{Errc::unavailable, "the broker is away"});
      SilentBroker::read(std::move(request), std::move(reply));
    }
  };
  const auto store = std::make_shared<Broken>();
  Envelope event;
  event.id = "earlier";
  event.type = "t";
  event.correlation_id = "c";
  broker::AppendBatch batch;
  batch.stream = "s";
  batch.add(event);
  store->append(batch, [](const auto&) {});
  const auto answers = std::make_shared<Answers>(store, Millis(5'000));
  std::promise<Errc> code;
  answers->wait("s", {.type = "t", .correlation_id = "c", .request_id = {}}, EntryId{}, Millis(60'000),
                [&](const auto& result) { code.set_value(result ? Errc::ok : result.error().code); });
  EXPECT_EQ(code.get_future().get(), Errc::unavailable);
  answers->close();
}

TEST(Answers, AWaitWithoutAnAnswerEndsAndLeavesNothing) {
  const auto answers = std::make_shared<Answers>(memory::open("none").broker, Millis(5'000));
  std::promise<Errc> code;
  answers->wait("s", {.type = "t", .correlation_id = "c", .request_id = {}}, std::nullopt, Millis(1),
                [&](const auto& result) { code.set_value(result ? Errc::ok : result.error().code); });
  EXPECT_EQ(code.get_future().get(), Errc::timeout);
  EXPECT_EQ(answers->waiting(), 0u);
  answers->close();
}

}  // namespace
}  // namespace collective::runtime
