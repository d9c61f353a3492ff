// EXPECT: an_event_or_stream_name_is_1_to_128_of_letters_digits_dot_underscore_colon_dash
#include <collective/event.hpp>

struct OrderPlaced {
  static constexpr collective::EventType event{"order placed", "order.events"};
};
