// A stream keeps its newest events, and what a group has not done with yet.
//
//> 250 events stored
//> trimmed to the newest 100: 100 left
//> with a group that is done with none of them: 0 dropped
//> forced: 60 dropped, and the group lost 60
#include <iostream>

#include <collective/collective.hpp>

using namespace collective;

int main() {
  EventClient client({.broker = "memory:trimming"});
  client.connect();
  EventBus bus(client);

  const std::vector<UserLogin> logins(
      250, {.user_id = "user-1", .ip_address = "192.0.2.1", .user_agent = "curl", .success = true});
  // Holds for the stream from now on; carried out about once a second, not per publish.
  client.publish_batch(logins, {.max_length = 10'000});
  std::cout << client.stream_info(streams::user).length << " events stored\n";

  bus.trim(streams::user, 100);  // at once
  std::cout << "trimmed to the newest 100: " << client.stream_info(streams::user).length << " left\n";

  (void)bus.fetch(streams::user, {.group = "audit"});  // from now on the group is there, and needs what is retained
  std::cout << "with a group that is done with none of them: " << bus.trim(streams::user, 40) << " dropped\n";

  const auto dropped = bus.trim(streams::user, 40, true);
  std::cout << "forced: " << dropped << " dropped, and the group lost " << bus.groups(streams::user).at(0).lost << "\n";
}
