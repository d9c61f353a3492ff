// EXPECT: this struct is no event: give it a static constexpr collective::EventType event
#include <collective/event.hpp>

struct OrderPlaced {
  collective::Id order_id;
};
BOOST_DESCRIBE_STRUCT(OrderPlaced, (), (order_id))

auto text = collective::encode(OrderPlaced{.order_id = "1"});
