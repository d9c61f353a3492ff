// A handler that fails: retried with backoff, then a dead letter with its history, then republished.
//
//> attempt 1 of 3
//> attempt 2 of 3
//> attempt 3 of 3
//> dead letter 1: user.login after 3 attempts
//>   attempt 1: the audit log is full
//>   attempt 3: the audit log is full
//> republished: 1
//> attempt 1, generation 1: stored
#include <iostream>
#include <latch>
#include <stdexcept>

#include <collective/collective.hpp>

using namespace collective;

int main() {
  EventClient client({.broker = "memory:retries"});
  client.connect();
  EventBus bus(client);

  std::latch failures(3);
  auto subscription = bus.subscribe<UserLogin>(
      [&](const Event<UserLogin>&, Delivery& delivery) -> bool {
        std::cout << "attempt " << delivery.attempt() << " of " << delivery.max_attempts() << std::endl;
        failures.count_down();
        throw std::runtime_error("the audit log is full");
      },
      {.group = "audit", .retry = {.max_attempts = 3, .backoff = Backoff::exponential, .base_delay = Millis(50)}});

  client.publish(UserLogin{.user_id = "user-1", .ip_address = "192.0.2.1", .user_agent = "curl", .success = true});
  failures.wait();
  subscription.close();  // its end stores what the last attempt decided

  for (const auto& letter : bus.dead_letters("user.events", "audit")) {
    std::cout << "dead letter " << letter.number << ": " << letter.event.envelope.type << " after " << letter.attempts
              << " attempts\n";
    for (const auto& attempt : letter.history)
      std::cout << "  attempt " << attempt.number << ": " << attempt.error << "\n";
  }

  std::cout << "republished: " << bus.republish_dead_letters("user.events", "audit") << std::endl;
  std::latch stored(1);
  subscription = bus.subscribe<UserLogin>(
      [&](const Event<UserLogin>&, Delivery& delivery) {
        std::cout << "attempt " << delivery.attempt() << ", generation " << delivery.generation() << ": stored"
                  << std::endl;
        stored.count_down();
        return true;
      },
      {.group = "audit"});
  stored.wait();
}
