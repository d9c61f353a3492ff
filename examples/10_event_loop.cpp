// Two handlers that cause each other's events. The chain ends at the hop limit, with an error that spells it out.
//
//> user.updated > user.preferences.updated > user.updated
//> loop: user.preferences.updated would be event 6 of one chain, and the hop limit is 4: these events cause each other: user.updated > user.preferences.updated > user.updated > user.preferences.updated > user.updated > user.preferences.updated. Publish only when something changed, or set PublishOptions::new_chain to go on on purpose
#include <future>
#include <iostream>

#include <collective/collective.hpp>

using namespace collective;

int main() {
  EventClient client({.broker = "memory:loop", .hop_limit = 4});
  client.connect();
  EventBus bus(client);

  std::promise<std::string> loop;
  const auto profile = bus.subscribe<UserUpdated>(
      [&](const Event<UserUpdated>& event) {
        try {
          client.publish(UserPreferencesUpdated{
              .user_id = event.data.user_id, .changed_fields = {"display_name"}, .old_values = {}, .new_values = {}});
        } catch (const Error& error) {
          loop.set_value(std::string(name(error.code())) + ": " + error.what());
        }
        return true;
      },
      {.group = "profile"});
  const auto preferences = bus.subscribe<UserPreferencesUpdated>(
      [&](const Event<UserPreferencesUpdated>& event, Delivery& delivery) {
        if (delivery.cause().hops == 1) std::cout << delivery.cause().path << " > user.updated" << std::endl;
        client.publish(UserUpdated{.user_id = event.data.user_id, .fields = {}});
        return true;
      },
      {.group = "preferences"});

  client.publish(UserUpdated{.user_id = "user-1", .fields = R"({"display_name":"Ada"})"});
  std::cout << loop.get_future().get() << "\n";
}
