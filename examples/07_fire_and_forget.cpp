// Tells others and does not wait for them: each service hears of it as its own group, also one that comes later.
//
//> published, nobody listens yet
//> by email: Your briefing is ready
//> by push: Your briefing is ready
#include <iostream>
#include <semaphore>

#include <collective/collective.hpp>

using namespace collective;

int main() {
  EventClient client({.broker = "memory:fire-and-forget"});
  client.connect();
  EventBus bus(client);

  client.publish(NotificationSendRequested{
      .user_id = "user-1",
      .notification_type = NotificationType::briefing_ready,
      .channels = {NotificationChannel::email, NotificationChannel::push},
      .message = {.title = "Your briefing is ready", .body = "Click to view your latest strategic briefing."},
      .priority = NotificationPriority::normal});
  std::cout << "published, nobody listens yet" << std::endl;

  std::binary_semaphore sent(0);
  const auto sender = [&](NotificationChannel channel, const char* by) {
    return [&, channel, by](const Event<NotificationSendRequested>& event) {
      const auto& channels = event.data.channels;
      if (std::find(channels.begin(), channels.end(), channel) != channels.end()) {
        std::cout << "by " << by << ": " << event.data.message.title << std::endl;
        sent.release();
      }
      return true;
    };
  };
  const auto email =
      bus.subscribe<NotificationSendRequested>(sender(NotificationChannel::email, "email"), {.group = "email-sender"});
  sent.acquire();
  const auto push =
      bus.subscribe<NotificationSendRequested>(sender(NotificationChannel::push, "push"), {.group = "push-sender"});
  sent.acquire();
}
