#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

#include "broker/redis/redis.hpp"
#include "support/temporary_directory.hpp"

// Real redis-servers for tests. Each ends with its program, however that ends.
namespace collective::testing_support {

/// A redis-server of the test's own, in a temporary directory, on a Unix socket and on a free port of the loopback.
class RedisServer {
 public:
  /// Starts it with these options on top, as a command line has them: {"--maxmemory", "10mb"}.
  explicit RedisServer(std::vector<std::string> arguments = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  void kill();          ///< at once, as by kill -9
  void start();         ///< again, with what it has on its disk
  void stop_running();  ///< SIGSTOP
  void go_on();         ///< SIGCONT

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }
  [[nodiscard]] std::string socket() const { return (directory_.path() / "socket").string(); }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] redis::Options options(std::uint32_t database = 0) const;

  /// Makes one call and returns its answer as redis-cli prints it.
  std::string call(const std::vector<std::string>& words) const;

 private:
  std::vector<std::string> arguments_;
  TemporaryDirectory directory_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};

/// The server that the tests of this program share; started at its first use.
RedisServer& shared_redis();

/// The database that belongs to a directory of a test: the same for the same directory, empty at first.
std::uint32_t redis_database_of(const std::filesystem::path& directory);

}  // namespace collective::testing_support
