#include "runtime/async_appender.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "broker/memory/memory.hpp"

namespace collective::runtime {
namespace {

/// Holds appends back until the test lets them go.
class HeldBroker {
 public:
  struct Held {
    broker::AppendBatch batch;
    broker::Reply<std::vector<broker::Appended>> reply;
    void store() {
      std::vector<broker::Appended> answer(batch.events().size());
      reply(std::move(answer));
    }
  };

  std::shared_ptr<broker::Broker> broker() { return std::make_shared<Front>(*this); }
  void answer_at_once() { at_once_ = true; }
  std::vector<Held> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(held_, {});
  }

 private:
  class Front final : public broker::Broker {
   public:
    explicit Front(HeldBroker& owner) : owner_(owner) {}
    void append(broker::AppendBatch batch, broker::Reply<std::vector<broker::Appended>> reply) override {
      if (owner_.at_once_) return Held{std::move(batch), std::move(reply)}.store();
      const std::lock_guard lock(owner_.mutex_);
      owner_.held_.push_back({std::move(batch), std::move(reply)});
    }
    void join(broker::Join, broker::Reply<EntryId>) override { FAIL(); }
    void exchange(broker::Exchange, broker::Reply<broker::Exchanged>) override { FAIL(); }
    void leave(broker::GroupKey, std::string, Timestamp, broker::Reply<bool>) override { FAIL(); }
    void read(broker::Read, broker::Reply<broker::Page>) override { FAIL(); }
    void upkeep(broker::Upkeep, broker::Reply<broker::UpkeepReport>) override { FAIL(); }
    Watch watch(const std::string&, std::function<void()>) override { return nullptr; }
    void close(std::chrono::steady_clock::time_point) override {}

   private:
    HeldBroker& owner_;
  };
  std::atomic<bool> at_once_{false};
  std::mutex mutex_;
  std::vector<Held> held_;  // guarded by mutex_
};

class AsyncAppenderTest : public testing::Test {
 protected:
  std::shared_ptr<AsyncAppender> appender(std::size_t window = 100) {
    return std::make_shared<AsyncAppender>(
        held.broker(), std::make_shared<SystemClock>(), window,
        [this](const std::string&, const AsyncAppender::Waiter& waiter, const auto& result) {
          (result ? stored : failed).push_back(waiter.event_id);
        });
  }
  static void append(AsyncAppender& to, const std::string& id) {
    broker::Append one;
    one.event.id = id;
    to.append("s", one, 0, {.event_id = id});
  }

  HeldBroker held;
  std::vector<std::string> stored, failed;
};

TEST_F(AsyncAppenderTest, SendsTheFirstAtOnceAndWhatComesMeanwhileAsOneBatchInOrder) {
  const auto to = appender();
  for (const char* id : {"a", "b", "c"}) append(*to, id);
  auto first = held.take();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].batch.events().size(), 1u);
  first[0].store();
  auto second = held.take();
  ASSERT_EQ(second.size(), 1u);
  ASSERT_EQ(second[0].batch.events().size(), 2u);
  EXPECT_EQ(second[0].batch.events()[0].event.id, "b");
  second[0].store();
  EXPECT_EQ(stored, (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(AsyncAppenderTest, EventsUnderAnotherHardCapGoInABatchOfTheirOwn) {
  const auto to = appender();
  append(*to, "first");
  for (const std::uint64_t cap : {10u, 10u, 20u}) to->append("s", {}, cap, {});
  held.take()[0].store();
  auto capped = held.take();
  EXPECT_EQ(capped.at(0).batch.hard_cap, 10u);
  EXPECT_EQ(capped.at(0).batch.events().size(), 2u);
  capped[0].store();
  auto last = held.take();
  EXPECT_EQ(last.at(0).batch.hard_cap, 20u);
  last[0].store();
}

TEST_F(AsyncAppenderTest, EveryEventOfAFailedBatchHearsOfIt) {
  const auto to = appender();
  for (const char* id : {"a", "b", "c"}) append(*to, id);
  for (int i = 0; i < 2; ++i) {
    for (auto& batch : held.take()) batch.reply(broker::Failure{Errc::unavailable, "away"});
  }
  EXPECT_EQ(failed, (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(AsyncAppenderTest, OfABatchThatDoesNotFitOnlyThoseEventsAreRefusedThatDoNot) {
  const auto to = appender();
  for (const char* id : {"first", "a", "b", "BIG", "c", "BIG", "d", "e"}) append(*to, id);
  std::size_t steps = 0;
  for (auto out = held.take(); !out.empty(); out = held.take()) {
    ASSERT_EQ(out.size(), 1u) << "one batch is out at a time";
    const auto& events = out[0].batch.events();
    const bool fits = std::none_of(events.begin(), events.end(), [](const auto& one) { return one.event.id == "BIG"; });
    if (++steps == 2) append(*to, "later");
    fits ? out[0].store() : out[0].reply(broker::Failure{Errc::full, "no room"});
  }
  EXPECT_EQ(stored, (std::vector<std::string>{"first", "a", "b", "c", "d", "e", "later"}));
  EXPECT_EQ(failed, (std::vector<std::string>{"BIG", "BIG"}));
  EXPECT_TRUE(to->flush(std::chrono::steady_clock::now()));
}

TEST_F(AsyncAppenderTest, AnEventThatIsPublishedAgainGoesAlone) {
  const auto to = appender();
  append(*to, "first");
  append(*to, "a");
  to->append("s", {.look_back = EntryId{}}, 0, {.event_id = "again", .repeated = true});
  append(*to, "b");
  std::vector<std::size_t> sizes;
  for (auto out = held.take(); !out.empty(); out = held.take()) {
    sizes.push_back(out.at(0).batch.events().size());
    out[0].store();
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 1, 1, 1}));
  EXPECT_EQ(stored, (std::vector<std::string>{"first", "a", "again", "b"}));
}

TEST_F(AsyncAppenderTest, FlushEndsWhenEverythingHandedOverHasEnded) {
  const auto to = appender();
  append(*to, "a");
  EXPECT_FALSE(to->flush(std::chrono::steady_clock::now()));
  for (auto& batch : held.take()) batch.store();
  EXPECT_TRUE(to->flush(std::chrono::steady_clock::now()));
}

// A batch of its own for each event, as their caps differ; the broker answers each before its call returns.
TEST_F(AsyncAppenderTest, HoweverLongTheQueueABrokerThatAnswersAtOnceNeedsNoMoreStack) {
  constexpr std::size_t many = 50'000;
  const auto to = appender(many + 1);
  append(*to, "first");
  for (std::size_t i = 0; i < many; ++i) to->append("s", {}, i + 1, {});
  auto first = held.take();
  held.answer_at_once();
  first.at(0).store();
  EXPECT_EQ(stored.size(), many + 1);
}

TEST_F(AsyncAppenderTest, AFullWindowHoldsThePublisherUntilThereIsRoom) {
  const auto to = appender(1);
  append(*to, "a");
  std::atomic<bool> through{false};
  std::thread publisher([&] {
    append(*to, "b");
    through = true;
  });
  EXPECT_FALSE(through);
  auto batches = held.take();
  ASSERT_EQ(batches.size(), 1u);
  batches[0].store();
  publisher.join();
  EXPECT_TRUE(through);
  for (auto& batch : held.take()) batch.store();
}

}  // namespace
}  // namespace collective::runtime
