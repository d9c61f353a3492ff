// EXPECT: this enum is not described: add BOOST_DESCRIBE_ENUM
#include <collective/event.hpp>

enum class Size { small, large };

struct OrderPlaced {
  static constexpr collective::EventType event{"order.placed", "order.events"};
  Size size;
};
BOOST_DESCRIBE_STRUCT(OrderPlaced, (), (size))

auto text = collective::encode(OrderPlaced{});
