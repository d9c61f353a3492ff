#pragma once

#include <functional>
#include <memory>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "service/gateway.hpp"

// For the server alone: brings in Asio.
namespace collective::service {

/// One client's connection: requests one after the other. Lives on the I/O thread.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual void start() = 0;
  /// Ends once the answer that is on its way is sent; at once when there is none.
  virtual void drain() = 0;
  /// Ends now.
  virtual void abort() = 0;
};

/// What connections share; outlives them.
struct ConnectionContext {
  const ServiceOptions& options;
  const Gateway& gateway;
  Telemetry& telemetry;
  Log& log;
  std::function<void(Connection*)> ended;  ///< forgets the connection; called once, on the I/O thread
  bool draining = false;
};

/// @param tls  null: plain HTTP
[[nodiscard]] std::shared_ptr<Connection> make_connection(boost::asio::ip::tcp::socket socket,
                                                          boost::asio::ssl::context* tls, ConnectionContext& context);

}  // namespace collective::service
