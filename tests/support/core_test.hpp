#pragma once

#include <gmock/gmock.h>

#include "runtime/core.hpp"
#include "support/live.hpp"
#include "support/manual_clock.hpp"
#include "support/recorded.hpp"
#include "support/unreliable_broker.hpp"

namespace collective::testing_support {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Runs each test on every broker with what clients and buses are made of, on a clock moved by hand and over a
/// connection that can fail.
class CoreTest : public LiveTest {
 protected:
  std::shared_ptr<detail::Core> connect(Options with = {}) {
    const auto connection = std::make_shared<UnreliableBroker>(store.broker);
    network = connection;
    const broker::Store over_it{connection, store.admin, store.description, store.survives};
    with.broker = "test:it";
    auto core = std::make_shared<detail::Core>(
        with, runtime::BrokerTable{{"test", [over_it](const auto&, const auto&) { return over_it; }}}, clock);
    core->connect();
    return core;
  }

  template <EventStruct T>
  static Published publish(detail::Core& core, const T& event, const PublishOptions& options = {}) {
    return core.publish(descriptor_of<T>(), &event, options, nullptr);
  }

  const broker::Store store = runtime::open_store(runtime::default_brokers(), options());
  const std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  std::shared_ptr<UnreliableBroker> network;  ///< of the newest connection
};

}  // namespace collective::testing_support
