// EXPECT: a handler returns bool \(true acknowledges, false retries\) or collective::Outcome
#include "collective/collective.hpp"

void subscribe(collective::EventBus& bus) {
  auto subscription = bus.subscribe<collective::UserRegistered>(
      [](const collective::Event<collective::UserRegistered>&) { return 1; }, {.group = "g"});
}
