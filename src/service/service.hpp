#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "service/options.hpp"

namespace collective::service {

/// The HTTP service: a broker's streams, groups and dead letters for programs and people that do not link the library.
/// It calls the library and decides nothing about delivery. /openapi.json describes its calls.
///
/// Threads: one caller at a time. It runs one thread for all connections, Limits::workers and Limits::waiting_fetches
/// threads for calls that block, one that looks at the streams, and one for each stream that is subscribed.
class Service {
 public:
  /// Opens the broker and binds the address; serves nothing yet.
  /// @throws Error Errc::invalid naming a bad option; Errc::unavailable or Errc::permission for the broker or the
  ///   address
  explicit Service(ServiceOptions options);
  ~Service();

  void start();

  /// Accepts nothing more, lets what is on its way finish within the deadline, ends subscriptions with a farewell, and
  /// disconnects. Always returns; a second call changes nothing.
  void stop(std::chrono::milliseconds deadline = std::chrono::seconds(10));

  [[nodiscard]] std::uint16_t port() const;
  /// Such as http://127.0.0.1:3002.
  [[nodiscard]] std::string address() const;
  /// The broker and what a returned publish survives, in words.
  [[nodiscard]] std::string broker() const;

  /// Looks at the streams now instead of within ServiceOptions::sample_interval; health and metrics tell what it saw.
  void refresh();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace collective::service
