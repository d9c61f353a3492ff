// EXPECT: the handler returns nothing: return true to acknowledge the event, false to retry it, or an Outcome
#include "collective/collective.hpp"

void subscribe(collective::EventBus& bus) {
  auto subscription = bus.subscribe<collective::UserRegistered>(
      [](const collective::Event<collective::UserRegistered>&) {}, {.group = "g"});
}
