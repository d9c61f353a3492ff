#include "support/live.hpp"

namespace collective {
namespace {

using testing_support::Collected;

class BusBreaker : public testing_support::LiveTest {};

TEST_P(BusBreaker, PausesAGroupInWhichEverythingFails) {
  auto client = connected();
  EventBus bus(client);
  std::atomic<int> runs{0};
  struct Alarms : Observer {
    Collected<std::string> seen;
    void alarm(Alarm alarm, std::string_view, std::string_view, std::string_view) override {
      seen.add(std::string(name(alarm)));
    }
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

COLLECTIVE_ON_EVERY_BROKER(BusBreaker);

}  // namespace
}  // namespace collective
