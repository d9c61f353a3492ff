// Publishes and handles many events at a time. One that fails comes back alone; the others are done.
//
//> stored 1000 events, the first as …-0
//> retried alone: user-500
//> handled 1000 events
#include <algorithm>
#include <atomic>
#include <iostream>
#include <latch>
#include <set>

#include <collective/collective.hpp>

using namespace collective;

int main() {
  EventClient client({.broker = "memory:batches"});
  client.connect();
  EventBus bus(client);

  std::vector<UserRegistered> users;
  for (int i = 1; i <= 1'000; ++i) {
    users.push_back(
        {.user_id = "user-" + std::to_string(i), .email = "user@example.com", .tier = Tier::individual_pro});
  }
  const auto stored = client.publish_batch(users);  // all of them, or none
  std::cout << "stored " << stored.size() << " events, the first as " << stored.front().entry_id.to_string() << "\n";

  std::latch done(1'000);
  const auto subscription = bus.subscribe_batch<UserRegistered>(
      [&](Batch<UserRegistered>& batch) {
        for (std::size_t i = 0; i < batch.size(); ++i) {
          const bool odd_one = batch[i].data.user_id == "user-500";
          if (odd_one && batch.delivery(i).attempt() == 1) {
            batch.settle(i, Outcome::retry("not yet"));
            continue;
          }
          if (odd_one)
            std::cout << "retried" << (batch.size() == 1 ? " alone: " : ": ") << batch[i].data.user_id.str()
                      << std::endl;
          done.count_down();
        }
        return true;  // acknowledges what was not settled above
      },
      {.group = "importer", .retry = {.base_delay = Millis(20)}, .batch_size = 100, .batch_wait = Millis(50)});
  done.wait();
  std::cout << "handled 1000 events\n";
}
