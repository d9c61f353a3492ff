#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "collective/observer.hpp"

#include "service/tokens.hpp"

namespace collective::service {

/// What one client, and all of them together, may take of the service. What is beyond a limit is refused and says so.
struct Limits {
  std::size_t body_bytes = 1u << 20;                 ///< 413 beyond
  std::uint32_t header_bytes = 16 * 1024;            ///< request line and headers; 431 beyond
  std::chrono::milliseconds header_timeout{10'000};  ///< from a request's first byte to the end of its headers
  std::chrono::milliseconds body_timeout{30'000};    ///< for the whole body
  std::chrono::milliseconds idle_timeout{60'000};    ///< between two requests of a connection
  std::chrono::milliseconds write_timeout{30'000};   ///< a client that takes nothing for so long is cut off
  std::size_t connections = 512;                     ///< 503 beyond
  std::size_t subscribers = 64;                      ///< open Server-Sent Events streams; 503 beyond
  std::size_t workers = 4;                           ///< threads for calls of the library that block
  std::size_t waiting_fetches = 16;                  ///< threads for fetches that wait; 503 beyond
  std::size_t queued_calls = 1'024;                  ///< calls that wait for a worker; 503 beyond
};

/// Where a line of the log goes, without its line break. Called from several threads, one at a time.
using LogSink = std::function<void(std::string_view line)>;

/// Options of the HTTP service. The defaults suit a developer's machine: loopback, no token.
struct ServiceOptions {
  // where
  std::string broker{};            ///< URL; empty: as Options::broker
  std::string host = "127.0.0.1";  ///< address to listen on; one beyond loopback wants a token or `anonymous_info`
  std::uint16_t port = 3002;       ///< 0: one that the system chooses

  // who may call
  std::vector<Token> tokens{};  ///< empty, and the address is loopback: everyone on this machine may do everything
  bool anonymous_info = false;  ///< health and stream metadata without a token
  std::vector<std::string> allowed_hosts{};  ///< names that callers use in `Host`, beside localhost and `host` itself
  std::string certificate_file{};            ///< PEM, the chain; empty: no TLS
  std::string key_file{};                    ///< PEM

  // limits and patience
  Limits limits{};
  std::chrono::milliseconds sample_interval{
      1'000};  ///< how often streams and groups are looked at for health, rates and metrics
  std::chrono::milliseconds keep_alive{15'000};  ///< a silent Server-Sent Events stream gets a comment so often

  // logs
  Severity log_level = Severity::info;
  bool log_json = false;
  LogSink log_sink{};                  ///< empty: standard error
  std::vector<std::string> secrets{};  ///< texts that never appear in a log or an answer, beside the tokens'

  /// @throws Error Errc::invalid, naming the option and what to do
  void check() const;
  [[nodiscard]] bool tls() const { return !certificate_file.empty(); }
};

/// True for 127.0.0.0/8, ::1 and localhost.
[[nodiscard]] bool is_loopback(std::string_view host);

}  // namespace collective::service
