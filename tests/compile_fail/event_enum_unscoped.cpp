// EXPECT: an event's enum is an enum class
#include <collective/event.hpp>

enum Size { small, large };
BOOST_DESCRIBE_ENUM(Size, small, large)

struct OrderPlaced {
  static constexpr collective::EventType event{"order.placed", "order.events"};
  Size size;
};
BOOST_DESCRIBE_STRUCT(OrderPlaced, (), (size))

auto text = collective::encode(OrderPlaced{});
