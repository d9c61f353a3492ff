#include "events.hpp"
#include "roles.hpp"

namespace pipeline {

using namespace collective;

// Tells the user how each file ended.
int notify(const RoleOptions& options) {
  EventClient client(client_options(options, "notifier"));
  client.connect();
  EventBus bus(client);

  const auto deliver = [&](const EventHeader& about, bool success, std::optional<std::string> error) {
    const auto waited = std::chrono::system_clock::now() - about.timestamp;
    client.publish(NotificationDelivered{.notification_id = about.id,
                                         .user_id = user,
                                         .channel = "websocket",
                                         .delivery_time_ms = std::chrono::duration<double, std::milli>(waited).count(),
                                         .success = success,
                                         .error = std::move(error)});
    return true;
  };
  auto subscription = bus.subscribe<FileIndexed, FileProcessingCompleted>(
      overloaded{[&](const Event<FileIndexed>& event) { return deliver(event, true, {}); },
                 [&](const Event<FileProcessingCompleted>& event) {
                   return event.data.success || deliver(event, false, event.data.error);  // an indexed file tells later
                 }},
      {.group = notifiers, .concurrency = 2, .retry = quick_retries});
  wait_for_signal();
  return 0;
}

}  // namespace pipeline
