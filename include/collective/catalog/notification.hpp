#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collective/catalog/streams.hpp"
#include "collective/event_type.hpp"

namespace collective {

enum class NotificationType : std::uint8_t { briefing_ready = 1, system_alert, content_suggestion };
BOOST_DESCRIBE_ENUM(NotificationType, briefing_ready, system_alert, content_suggestion)

enum class NotificationChannel : std::uint8_t { email = 1, push, websocket };
BOOST_DESCRIBE_ENUM(NotificationChannel, email, push, websocket)

enum class NotificationPriority : std::uint8_t { low = 1, normal, high, critical };
BOOST_DESCRIBE_ENUM(NotificationPriority, low, normal, high, critical)

struct NotificationMessage {
  std::string title;
  std::string body;
  std::optional<std::string> action_url{};

  bool operator==(const NotificationMessage&) const = default;
};
BOOST_DESCRIBE_STRUCT(NotificationMessage, (), (title, body, action_url))

/// A user is to be notified.
struct NotificationSendRequested {
  static constexpr EventType event{"notification.send.requested", streams::notification};

  Id user_id;
  NotificationType notification_type;
  std::vector<NotificationChannel> channels;
  NotificationMessage message;
  NotificationPriority priority;

  bool operator==(const NotificationSendRequested&) const = default;
};
BOOST_DESCRIBE_STRUCT(NotificationSendRequested, (), (user_id, notification_type, channels, message, priority))

/// A notification reached its channel, or failed to.
struct NotificationDelivered {
  static constexpr EventType event{"notification.delivered", streams::notification};

  Id notification_id;
  Id user_id;
  std::string channel;  ///< usually the name of a NotificationChannel
  NonNegative delivery_time_ms;
  bool success;
  std::optional<std::string> error{};

  bool operator==(const NotificationDelivered&) const = default;
};
BOOST_DESCRIBE_STRUCT(NotificationDelivered, (), (notification_id, user_id, channel, delivery_time_ms, success, error))

enum class BriefingPeriod : std::uint8_t { weekly = 1, monthly };
BOOST_DESCRIBE_ENUM(BriefingPeriod, weekly, monthly)

/// A briefing is to be written at a given time.
struct BriefingGenerationScheduled {
  static constexpr EventType event{"briefing.generation.scheduled", streams::notification};

  Id user_id;
  Id contextual_core_id;
  BriefingPeriod briefing_period;
  Timestamp scheduled_time;
  Timestamp period_start;
  Timestamp period_end;

  bool operator==(const BriefingGenerationScheduled&) const = default;
};
BOOST_DESCRIBE_STRUCT(BriefingGenerationScheduled, (),
                      (user_id, contextual_core_id, briefing_period, scheduled_time, period_start, period_end))

}  // namespace collective
