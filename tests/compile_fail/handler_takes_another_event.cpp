// EXPECT: the handler cannot be called with this event: it takes \(const Event<T>&\) or \(const Event<T>&, Delivery&\)
#include "collective/collective.hpp"

void subscribe(collective::EventBus& bus) {
  auto subscription = bus.subscribe<collective::UserRegistered>(
      [](const collective::Event<collective::UserLogin>&) { return true; }, {.group = "g"});
}
