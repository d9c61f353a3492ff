// EXPECT: a compensation returns nothing: let it throw when it fails
#include <collective/collective.hpp>

void pay() {
  collective::run_saga("payment", [](collective::Saga& saga) { saga.step("charge", [] {}, [] { return false; }); });
}
