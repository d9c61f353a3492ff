// EXPECT: a batch handler takes \(Batch<T>&\)
#include "collective/collective.hpp"

void subscribe(collective::EventBus& bus) {
  auto subscription = bus.subscribe_batch<collective::UserRegistered>(
      [](const collective::Event<collective::UserRegistered>&) { return true; }, {.group = "g"});
}
