// EXPECT: an_event_version_starts_at_1
#include <collective/event.hpp>

struct OrderPlaced {
  static constexpr collective::EventType event{"order.placed", "order.events", 0};
};
