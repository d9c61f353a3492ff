#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "service/gateway.hpp"

namespace collective::service {

/// Listens, and owns the connections and the one thread that serves them all. That thread never blocks.
///
/// Threads: one caller at a time.
class Server {
 public:
  /// Everything is borrowed and outlives the server. Binds the address, so that its port is known.
  /// @throws Error Errc::unavailable or Errc::permission for the address, Errc::invalid for the certificate
  Server(const ServiceOptions& options, const Gateway& gateway, Telemetry& telemetry, Log& log);
  ~Server();

  void start();
  [[nodiscard]] std::uint16_t port() const;

  /// Accepts nothing more, lets answers that are on their way finish until the deadline, and closes every connection.
  void stop(std::chrono::milliseconds deadline);

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace collective::service
