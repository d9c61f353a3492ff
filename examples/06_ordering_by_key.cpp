// Events of one key are handled one after the other, in the order of the stream, also when one fails; keys do not wait
// for each other.
//
//> alice: created (attempt 1)
//> alice: created (attempt 2)
//> alice: renamed (attempt 1)
//> alice: closed (attempt 1)
#include <iostream>
#include <latch>
#include <mutex>

#include <collective/collective.hpp>

using namespace collective;

struct AccountChanged {
  static constexpr EventType event{"account.changed", "account.events"};
  Id account{};
  std::string what{};
};
BOOST_DESCRIBE_STRUCT(AccountChanged, (), (account, what))

int main() {
  EventClient client({.broker = "memory:ordering"});
  client.connect();
  EventBus bus(client);
  for (const char* what : {"created", "renamed", "closed"}) {
    for (const char* account : {"alice", "bob", "carol"}) {
      client.publish(AccountChanged{.account = account, .what = what}, {.key = account});
    }
  }

  std::mutex output;
  std::latch done(9);
  const auto subscription = bus.subscribe<AccountChanged>(
      [&](const Event<AccountChanged>& event, Delivery& delivery) {
        const std::lock_guard lock(output);
        if (event.data.account == "alice") {
          std::cout << "alice: " << event.data.what << " (attempt " << delivery.attempt() << ")" << std::endl;
          if (event.data.what == "created" && delivery.attempt() == 1) return false;
        }
        done.count_down();
        return true;
      },
      {.group = "ledger", .concurrency = 3, .retry = {.base_delay = Millis(20)}, .ordering = Ordering::per_key});
  done.wait();
}
