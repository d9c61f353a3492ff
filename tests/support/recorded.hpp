#pragma once

#include <string>
#include <thread>

#include "support/live.hpp"

namespace collective::testing_support {

/// Keeps the alarms, each as "name stream/group".
struct Alarms : Observer {
  Collected<std::string> seen;
  void alarm(Alarm alarm, std::string_view stream, std::string_view group, std::string_view) override {
    seen.add(std::string(name(alarm)) + " " + std::string(stream) + "/" + std::string(group));
  }
};

/// Looks again and again until the condition holds; false when it never did.
template <class Condition>
bool eventually(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

/// The code of the error that the call ends with, and its message.
struct Failed {
  Errc code = Errc::ok;
  std::string message{};
};
template <class Call>
Failed failure_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {};
}

}  // namespace collective::testing_support
