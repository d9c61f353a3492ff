#include <future>
#include <iostream>

#include <collective/collective.hpp>

struct OrderPlaced {
  static constexpr collective::EventType event{"order.placed", "order.events"};
  collective::Id order_id{};
};
BOOST_DESCRIBE_STRUCT(OrderPlaced, (), (order_id))

int main() {
  using namespace collective;
  EventClient client({.broker = "memory:consumer"});
  client.connect();
  EventBus bus(client);
  std::promise<void> arrived;
  const auto subscription = bus.subscribe<OrderPlaced>(
      [&](const Event<OrderPlaced>& event) {
        std::cout << "order " << event.data.order_id.str() << " arrived" << std::endl;
        arrived.set_value();
        return true;
      },
      {.group = "shop"});
  client.publish(OrderPlaced{.order_id = "O-1"});
  arrived.get_future().wait();
}
