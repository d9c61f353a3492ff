#pragma once

#include <string>
#include <string_view>

#include "broker/redis/interrupt.hpp"
#include "broker/redis/reply.hpp"
#include "broker/redis/request.hpp"
#include "broker/redis/tls.hpp"

namespace collective::redis {

/// Where the server is, and what connections to it share.
struct Server {
  explicit Server(Options given);

  const Options options;
  const std::string name;  ///< "redis://host:port/db", never with a password
  const TlsContext tls;    ///< null: plain
};

/// One connection, used by one thread: plain or TLS, never blocking but where it says so. Everything it throws is a
/// Fault, after which it is of no more use.
class Connection {
 public:
  /// Connects and greets: TLS, password, database. Waits until the deadline at most, and no longer than until
  /// `interrupt` is raised.
  Connection(const Server& server, const Interrupt& interrupt, Clock::time_point deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Writes what the socket takes now and removes it from the front of `bytes`.
  void write_some(std::string& bytes);
  /// Reads what has come.
  void read_some();
  /// The next whole answer that was read, or null.
  AnswerPointer next() { return reader_.next(); }
  /// Waits until something can be read (or written, if `also_write`), the deadline passes, or somebody interrupts.
  void wait(bool also_write, Clock::time_point deadline);

  /// One command and its answer, waited for until the deadline or an interruption.
  AnswerPointer call(const Request& request, Clock::time_point deadline);

 private:
  void connect(Clock::time_point deadline);
  void shake_hands(Clock::time_point deadline);
  void greet(Clock::time_point deadline);
  void expect_ok(const Request& request, const std::string& doing, Clock::time_point deadline);
  [[noreturn]] void lost(const std::string& why) const;

  const Server& server_;
  const Interrupt& interrupt_;
  int socket_ = -1;
  SslPointer ssl_;
  bool read_wants_write_ = false;
  ReplyReader reader_;
};

}  // namespace collective::redis
