#include "runtime/async_appender.hpp"

#include <gtest/gtest.h>

#include <thread>

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
      std::vector<broker::Appended> answer(batch.events.size());
      reply(std::move(answer));
    }
  };

  std::shared_ptr<broker::Broker> broker() { return std::make_shared<Front>(*this); }
  std::vector<Held> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(held_, {});
  }

 private:
  class Front final : public broker::Broker {
   public:
    explicit Front(HeldBroker& owner) : owner_(owner) {}
    void append(broker::AppendBatch batch, broker::Reply<std::vector<broker::Appended>> reply) override {
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
  std::mutex mutex_;
  std::vector<Held> held_;  // guarded by mutex_
};

broker::Append event(const std::string& id) {
  broker::Append append;
  append.event.id = id;
  return append;
}

TEST(AsyncAppender, SendsTheFirstAtOnceAndWhatComesMeanwhileAsOneBatchInOrder) {
  HeldBroker held;
  const auto appender = std::make_shared<AsyncAppender>(held.broker(), std::make_shared<SystemClock>(), 100);
  std::vector<std::string> ended;
  for (const char* id : {"a", "b", "c"}) appender->append("s", event(id), 0, [&ended, id](auto) { ended.emplace_back(id); });
  auto first = held.take();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].batch.events.size(), 1u);
  first[0].store();
  auto second = held.take();
  ASSERT_EQ(second.size(), 1u);
  ASSERT_EQ(second[0].batch.events.size(), 2u);
  EXPECT_EQ(second[0].batch.events[0].event.id, "b");
  second[0].store();
  EXPECT_EQ(ended, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(AsyncAppender, EveryEventOfAFailedBatchHearsOfIt) {
  HeldBroker held;
  const auto appender = std::make_shared<AsyncAppender>(held.broker(), std::make_shared<SystemClock>(), 100);
  int failed = 0;
  for (const char* id : {"a", "b", "c"}) appender->append("s", event(id), 0, [&](auto result) { failed += result ? 0 : 1; });
  for (int i = 0; i < 2; ++i) {
    for (auto& batch : held.take()) batch.reply(broker::Failure{Errc::unavailable, "away"});
  }
  EXPECT_EQ(failed, 3);
}

TEST(AsyncAppender, FlushEndsWhenEverythingHandedOverHasEnded) {
  HeldBroker held;
  const auto appender = std::make_shared<AsyncAppender>(held.broker(), std::make_shared<SystemClock>(), 100);
  appender->append("s", event("a"), 0, [](auto) {});
  EXPECT_FALSE(appender->flush(std::chrono::steady_clock::now()));
  for (auto& batch : held.take()) batch.store();
  EXPECT_TRUE(appender->flush(std::chrono::steady_clock::now()));
}

TEST(AsyncAppender, AFullWindowHoldsThePublisherUntilThereIsRoom) {
  HeldBroker held;
  const auto appender = std::make_shared<AsyncAppender>(held.broker(), std::make_shared<SystemClock>(), 1);
  appender->append("s", event("a"), 0, [](auto) {});
  std::atomic<bool> through{false};
  std::thread publisher([&] {
    appender->append("s", event("b"), 0, [](auto) {});
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
