// Every duration that a caller gives has one bound, and what is out of bounds is refused by name: added to a clock it
// would overflow, and a wait "for ever" would end at once.
#include <functional>

#include "support/live.hpp"

namespace collective {
namespace {

using namespace testing_support;

class Durations : public LiveTest {
 protected:
  struct Taken {
    std::string name;
    std::function<void(Millis)> call;
    bool bounded = true;
  };

  static std::string refusal(const Taken& taken, Millis given) {
    try {
      taken.call(given);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Errc::invalid) << taken.name << ": " << error.what();
      return error.what();
    }
    return "nothing was refused";
  }

  static void expect_bounds(const std::vector<Taken>& all) {
    for (const auto& taken : all) {
      std::vector<Millis> refused{Millis(-1), Millis::min()};
      if (taken.bounded) refused.insert(refused.end(), {longest_duration + Millis(1), Millis::max()});
      for (const auto given : refused) {
        const auto text = refusal(taken, given);
        EXPECT_NE(text.find(taken.name + " is " + std::to_string(given.count()) + " ms; allowed are "),
                  std::string::npos)
            << taken.name << ": " << text;
      }
    }
  }
};

TEST_P(Durations, OfAConnection) {
  const auto with = [this](Millis Options::* field) {
    return [this, field](Millis given) {
      auto some = options();
      some.*field = given;
      EventClient client(some);
    };
  };
  expect_bounds({{"Options::connect_timeout", with(&Options::connect_timeout)},
                 {"Options::operation_timeout", with(&Options::operation_timeout)}});
}

TEST_P(Durations, OfPublishingAndWaiting) {
  auto client = connected();
  expect_bounds({
      {"PublishOptions::delay", [&](Millis given) { client.publish(user("u1"), {.delay = given}); }},
      {"wait_for: timeout", [&](Millis given) { client.wait_for<UserRegistered>("c1", given); }},
      {"request: timeout", [&](Millis given) { client.request<UserUpdated>(user("u1"), given); }},
      {"follow: timeout", [&](Millis given) { static_cast<void>(client.follow("user.events", {}, given)); }},
  });
  EXPECT_TRUE(client.read("user.events").empty()) << "a refused call stored something";
}

TEST_P(Durations, OfASubscription) {
  EventBus bus(connected());
  const auto subscribed = [&](const std::function<void(SubscribeOptions&)>& change) {
    auto some = group("g");
    change(some);
    static_cast<void>(bus.subscribe_batch<UserRegistered>([](Batch<UserRegistered>&) { return true; }, some));
  };
  const auto with = [&](auto field) {
    return [=](Millis given) { subscribed([=](SubscribeOptions& some) { field(some) = given; }); };
  };
  expect_bounds({
      {"SubscribeOptions::retry.base_delay", with([](auto& some) -> Millis& { return some.retry.base_delay; })},
      {"SubscribeOptions::retry.max_delay", with([](auto& some) -> Millis& { return some.retry.max_delay; })},
      {"SubscribeOptions::lease", with([](auto& some) -> Millis& { return some.lease; })},
      {"SubscribeOptions::max_handling_time", with([](auto& some) -> Millis& { return some.max_handling_time; })},
      {"SubscribeOptions::drain_timeout", with([](auto& some) -> Millis& { return some.drain_timeout; })},
      {"SubscribeOptions::batch_wait", with([](auto& some) -> Millis& { return some.batch_wait; })},
      {"SubscribeOptions::breaker.probe_after", with([](auto& some) -> Millis& { return some.breaker.probe_after; })},
      {"SubscribeOptions::breaker.max_pause", with([](auto& some) -> Millis& { return some.breaker.max_pause; })},
  });
}

TEST_P(Durations, OfPulling) {
  auto client = connected();
  EventBus bus(client);
  client.publish(user("u1"));
  FetchOptions one;
  one.group = "g";
  const auto token = bus.fetch("user.events", one).at(0).token;
  const auto fetching = [&](Millis FetchOptions::* field) {
    return [&, field](Millis given) {
      auto some = one;
      some.*field = given;
      static_cast<void>(bus.fetch("user.events", some));
    };
  };
  expect_bounds({
      {"FetchOptions::wait", fetching(&FetchOptions::wait)},
      {"FetchOptions::visibility", fetching(&FetchOptions::visibility)},
      {"retry: delay", [&](Millis given) { bus.retry(token, given); }},
      {"extend: from_now", [&](Millis given) { bus.extend(token, given); }},
      {"republish_dead_letters: max_age", [&](Millis given) { bus.republish_dead_letters("user.events", "g", given); },
       false},  // "however long ago" has no bound
  });
}

TEST_P(Durations, AnEndWithoutBoundsIsStillAnEnd) {
  for (const auto given : {Millis::min(), Millis::max()}) {
    auto client = connected();
    EventBus bus(client);
    auto subscription = bus.subscribe<UserRegistered>([](const Event<UserRegistered>&) { return true; }, group("g"));
    subscription.close(given);
    client.publish(user("u1"));
    client.close(given);
  }
}

TEST_P(Durations, TheLongestTimesAreTaken) {
  auto some = options();
  some.operation_timeout = some.connect_timeout = longest_duration;
  auto client = connected(some);
  EventBus bus(client);
  auto all = group("g");
  all.lease = all.max_handling_time = all.drain_timeout = all.retry.base_delay = all.retry.max_delay = longest_duration;
  Collected<std::string> handled;
  auto subscription = bus.subscribe<UserRegistered>(
      [&](const Event<UserRegistered>& event, Delivery& delivery) {
        handled.add(event.data.user_id.str() + (delivery.stop_token().stop_requested() ? " stopped" : ""));
        return true;
      },
      all);
  const auto published = client.publish(user("u1"), {.correlation_id = "c1"});
  EXPECT_EQ(handled.wait_for(1), std::vector<std::string>{"u1"});
  EXPECT_EQ(client.wait_for<UserRegistered>("c1", longest_duration).id, published.event_id);
}

COLLECTIVE_ON_EVERY_BROKER(Durations);

}  // namespace
}  // namespace collective
