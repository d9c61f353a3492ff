// EXPECT: a data member is missing in BOOST_DESCRIBE_STRUCT
#include <collective/event.hpp>

struct Line {
  collective::Id article_id;
  bool gift;
};
BOOST_DESCRIBE_STRUCT(Line, (), (article_id))

struct OrderPlaced {
  static constexpr collective::EventType event{"order.placed", "order.events"};
  std::vector<Line> lines;
};
BOOST_DESCRIBE_STRUCT(OrderPlaced, (), (lines))

auto text = collective::encode(OrderPlaced{});
