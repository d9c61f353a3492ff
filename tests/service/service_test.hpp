#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include <gtest/gtest.h>

#include "collective/bus.hpp"
#include "collective/catalog.hpp"

#include "service/http_client.hpp"
#include "service/service.hpp"

namespace collective::service::testing_support {

/// A service in this process, on a free port of loopback and an in-memory broker of the test's own, which `client` and
/// `bus` share.
class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest();
  ~ServiceTest() override;

  /// Options that a test changes before the first request.
  ServiceOptions options{};

  Service& service();
  [[nodiscard]] std::uint16_t port() { return service().port(); }

  /// One request on a connection of its own.
  Reply get(std::string_view target, std::string_view headers = {});
  Reply post(std::string_view target, std::string_view body = {}, std::string_view headers = {});
  /// Bytes as they are, and the first answer.
  Reply raw(std::string_view bytes);

  /// Everything that was logged, one line an event.
  [[nodiscard]] std::string log();

  EventClient client;
  EventBus bus;

  static UserRegistered user(const std::string& id) {
    return {.user_id = id, .email = "user@example.com", .tier = Tier::individual_pro};
  }

 private:
  std::mutex mutex_;
  std::string log_;  // guarded by mutex_
  std::unique_ptr<Service> service_;
};

/// Asks again and again until something that other threads bring about is so; false after a limit that only a failure
/// reaches.
template <class Condition>
bool eventually(const Condition& condition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::yield();
  }
  return true;
}

/// A bearer token's header.
[[nodiscard]] std::string bearer(std::string_view secret);

/// The text of a JSON string or number member, wherever it stands first; empty when there is none.
[[nodiscard]] std::string member(std::string_view json, std::string_view name);

}  // namespace collective::service::testing_support
