#pragma once

#include <gmock/gmock.h>

#include "runtime/broker_table.hpp"
#include "support/engine_driver.hpp"
#include "support/live.hpp"

namespace collective::testing_support {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// Runs each test with the engine driver on every broker.
class EngineTest : public LiveTest {
 protected:
  static Reaction fails(const Handling&) { return Outcome::retry("no"); }
  static Reaction runs(const Handling&) { return Reaction::runs(); }
  static Reaction dies(const Handling&) { return Reaction::dies(); }

  EngineDriver driver{runtime::open_store(runtime::default_brokers(), options())};
};

}  // namespace collective::testing_support
