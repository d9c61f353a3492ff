// COMPILES
#include <collective/event.hpp>

namespace shop {

enum class Size { small = 1, large, default_ };
BOOST_DESCRIBE_ENUM(Size, small, large, default_)

struct Line {
  collective::Id article_id;
  std::uint32_t pieces;
};
BOOST_DESCRIBE_STRUCT(Line, (), (article_id, pieces))

struct OrderPlaced {
  static constexpr collective::EventType event{"order.placed", "order.events", 2};
  collective::Id order_id;
  std::vector<Line> lines;
  std::optional<Size> size{};
  collective::Json options{};
};
BOOST_DESCRIBE_STRUCT(OrderPlaced, (), (order_id, lines, size, options))

struct ShopClosed {
  static constexpr collective::EventType event{"shop.closed", "order.events"};
};
BOOST_DESCRIBE_STRUCT(ShopClosed, (), ())

}  // namespace shop

int main() {
  const auto text = collective::encode(shop::OrderPlaced{.order_id = "1", .lines = {{.article_id = "2", .pieces = 3}}});
  const auto order = collective::decode<shop::OrderPlaced>(text);
  return static_cast<int>(order.lines.size() + collective::encode(shop::ShopClosed{}).size());
}
