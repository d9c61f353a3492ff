#include <atomic>
#include <condition_variable>

#include "support/live.hpp"

namespace collective {
namespace {

using testing_support::Gate;

void wait_for(const std::stop_token& stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any wake;
  wake.wait_for(lock, stop, testing_support::limit, [] { return false; });
}

/// What a handler may still touch when the test has ended.
struct Shared {
  Gate begun, compensates, may_compensate, second_began;
  std::atomic<bool> first = true;
};

/// The first handling waits in its saga's first step until it is asked to stop, and undoes that step by an event.
bool handle(Shared& shared, Delivery& delivery) {
  if (!shared.first.exchange(false)) {
    shared.second_began.open();
    return true;
  }
  run_saga("registration", delivery.stop_token(), [&](Saga& saga) {
    saga.step(
        "book", [&] { shared.begun.open(), wait_for(delivery.stop_token()); },
        [&] {
          shared.compensates.open();
          EXPECT_TRUE(shared.may_compensate.wait());
          delivery.publish(UserUpdated{.user_id = "ada", .fields = R"({"booked":false})"});
        });
    saga.step("never begun", [] { FAIL(); });
  });
  return true;
}

class SagaInHandlers : public ::testing::Test {
 protected:
  SagaInHandlers() { client_.connect(); }

  Subscription subscribe(SubscribeOptions options) {
    options.group = "registrations";
    return bus_.subscribe<UserRegistered>(
        [shared = shared_](const Event<UserRegistered>&, Delivery& delivery) { return handle(*shared, delivery); },
        std::move(options));
  }
  Published publish(const std::string& flow) {
    const UserRegistered ada{.user_id = "ada", .email = "ada@example.com", .tier = Tier::individual_pro};
    return client_.publish(ada, {.correlation_id = flow});
  }

  EventClient client_{{.broker = "memory:" + new_ulid()}};
  EventBus bus_{client_};
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

TEST_F(SagaInHandlers, ALostLeaseKeepsNoCompensationFromRunning) {
  const auto subscription =
      subscribe({.concurrency = 2, .lease = Millis(100), .max_handling_time = Millis(100), .drain_timeout = Millis(0)});
  const auto stored = publish("flow-1");
  EXPECT_TRUE(shared_->second_began.wait()) << "the event is handed out anew";
  shared_->may_compensate.open();
  EXPECT_EQ(client_.wait_for<UserUpdated>("flow-1").causation_id(), stored.event_id);
}

TEST_F(SagaInHandlers, TheEndOfTheSubscriptionKeepsNoCompensationFromRunning) {
  auto subscription = subscribe({});
  publish("flow-2");
  ASSERT_TRUE(shared_->begun.wait());
  subscription.close(Millis(0));
  EXPECT_TRUE(shared_->compensates.wait());
  shared_->may_compensate.open();
  EXPECT_EQ(client_.wait_for<UserUpdated>("flow-2").data.user_id, "ada");
}

}  // namespace
}  // namespace collective
