// EXPECT: this member's type is not supported in an event: use std::string, Id
#include <map>

#include <collective/event.hpp>

struct OrderPlaced {
  static constexpr collective::EventType event{"order.placed", "order.events"};
  std::map<std::string, std::string> attributes;
};
BOOST_DESCRIBE_STRUCT(OrderPlaced, (), (attributes))

auto text = collective::encode(OrderPlaced{});
