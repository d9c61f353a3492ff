#pragma once

#include <cstdint>
#include <string>

#include "broker/admin.hpp"

// The broker on a Redis server (7.0 or later), shared by processes and machines. How it is laid out: docs/formats/redis.md.
namespace collective::redis {

struct TlsOptions {
  bool on = false;
  std::string ca{};    ///< file of trusted certificates; empty: the system's
  std::string cert{};  ///< file of the client's certificate chain; empty: none
  std::string key{};   ///< file of its private key
  bool verify = true;  ///< the server's certificate and name; false only for tests of a network one trusts
};

struct Options {
  std::string host = "127.0.0.1";  ///< a name, an address, or the path of a Unix socket (begins with /)
  std::uint16_t port = 6379;
  std::string user{};      ///< empty: the default user
  std::string password{};  ///< empty: none is sent
  std::uint32_t database = 0;
  TlsOptions tls{};

  broker::Millis connect_timeout{5'000};   ///< for each attempt, greeting included; and for `open` as a whole
  broker::Millis command_timeout{10'000};  ///< how long one call may wait for its answer
  broker::Millis longest_pause{2'000};     ///< between two attempts to connect; doubled up to it, with jitter
  std::size_t window = 512;                ///< most calls on their way at once; others queue
};

/// Connects. Later connections that are lost are made again in the background.
///
/// @throws Error  Errc::unavailable (no server answers), permission (password, user, rights), incompatible (an older
///                server), invalid (options)
broker::Store open(const Options& options);

}  // namespace collective::redis
