// EXPECT: this struct is not described: add BOOST_DESCRIBE_STRUCT
#include <collective/event.hpp>

struct OrderPlaced {
  static constexpr collective::EventType event{"order.placed", "order.events"};
  collective::Id order_id;
};

auto text = collective::encode(OrderPlaced{.order_id = "1"});
