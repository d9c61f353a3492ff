// Publishes an event and handles it.
//
//> welcome, ada@example.com
//> handled once, acknowledged: 0 pending
#include <future>
#include <iostream>

#include <collective/collective.hpp>

using namespace collective;

int main() {
  EventClient client(
      {.broker = "memory:first-event"});  // embedded:PATH keeps the events and shares them with other processes
  client.connect();
  EventBus bus(client);

  std::promise<void> handled;
  {
    const auto subscription = bus.subscribe<UserRegistered>(
        [&](const Event<UserRegistered>& event) {
          std::cout << "welcome, " << event.data.email.str() << std::endl;
          handled.set_value();
          return true;  // acknowledges; false or an exception retries
        },
        {.group = "welcome-mailer"});

    client.publish(UserRegistered{.user_id = "user-1", .email = "ada@example.com", .tier = Tier::individual_pro});
    handled.get_future().wait();
  }  // the subscription's end waits for its handlers and stores their acknowledgements

  const auto group = bus.groups("user.events").at(0);
  std::cout << "handled once, acknowledged: " << group.pending << " pending\n";
}
