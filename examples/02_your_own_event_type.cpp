// Defines an event type, and shows what happens to an event that does not fit it.
//
//> ORDER-1: 2 items, 59.9
//> order.placed is not valid (2 problems):
//>   /order_id: found …
//>   /total: found -1; allowed: …
//> {"$schema":"https://json-schema.org/draft/2020-12/schema"…order.placed…
#include <iostream>

#include <collective/collective.hpp>

struct Item {
  std::string sku{};
  collective::Count amount = 1;
};
BOOST_DESCRIBE_STRUCT(Item, (), (sku, amount))

struct OrderPlaced {
  static constexpr collective::EventType event{"order.placed", "order.events"};

  collective::Id order_id{};
  std::vector<Item> items{};
  collective::NonNegative total{};
  std::optional<std::string> note{};
};
BOOST_DESCRIBE_STRUCT(OrderPlaced, (), (order_id, items, total, note))

using namespace collective;

int main() {
  EventClient client({.broker = "memory:own-type"});
  client.connect();

  client.publish(OrderPlaced{.order_id = "ORDER-1", .items = {{"book", 1}, {"pen", 2}}, .total = 59.9});
  for (const auto& event : client.read("order.events")) {
    const auto order = event.as<OrderPlaced>();
    std::cout << order.data.order_id.str() << ": " << order.data.items.size() << " items, " << order.data.total << "\n";
  }

  try {
    client.publish(OrderPlaced{.order_id = "no spaces, please", .total = -1});
  } catch (const Error& error) {  // every bad field at once
    std::cout << error.what() << "\n";
  }
  std::cout << json_schema(descriptor_of<OrderPlaced>()) << "\n";
}
