// EXPECT: a data member is missing in BOOST_DESCRIBE_STRUCT
#include <collective/event.hpp>

struct OrderPlaced {
  static constexpr collective::EventType event{"order.placed", "order.events"};
  collective::Id order_id;
  std::optional<collective::NonNegative> discount;
  std::vector<std::string> notes;
};
BOOST_DESCRIBE_STRUCT(OrderPlaced, (), (order_id, discount))

auto text = collective::encode(OrderPlaced{.order_id = "1"});
