#include "service/server.hpp"

#include <future>
#include <thread>
#include <unordered_map>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "collective/error.hpp"

#include "service/connection.hpp"

namespace collective::service {
namespace {

namespace net = boost::asio;
using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds accept_pause(100);  // when the process is out of descriptors
constexpr std::string_view full =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\nRetry-After: 1\r\n"
    "Content-Length: 113\r\n\r\n"
    R"({"success":false,"error":"the service has as many connections as it allows; try again in a second","code":"busy"})";
static_assert(full.size() - full.find('{') == 113);

tcp::endpoint endpoint_of(const ServiceOptions& options) {
  auto host = options.host == "localhost" ? std::string("127.0.0.1") : options.host;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  error_code error;
  const auto address = net::ip::make_address(host, error);
  if (error)
    throw Error(Errc::invalid,
                "\"" + options.host + "\" is no address to listen on: use one such as 127.0.0.1 or 0.0.0.0");
  return {address, options.port};
}

std::unique_ptr<net::ssl::context> tls_of(const ServiceOptions& options) {
  if (!options.tls()) return nullptr;
  auto context = std::make_unique<net::ssl::context>(net::ssl::context::tls_server);
  const auto check = [](const error_code& error, const std::string& what, const std::string& file) {
    if (error) throw Error(Errc::invalid, "cannot use " + what + " " + file + ": " + error.message());
  };
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  error_code error;
  context->use_certificate_chain_file(options.certificate_file, error);
  check(error, "the certificate", options.certificate_file);
  context->use_private_key_file(options.key_file, net::ssl::context::pem, error);
  check(error, "the key", options.key_file);
  return context;
}

}  // namespace

class Server::Loop {
 public:
  Loop(const ServiceOptions& options, const Gateway& gateway, Telemetry& telemetry, Log& log)
      : options_(options),
        context_{options, gateway, telemetry, log, [this](Connection* connection) { forget(connection); }},
        tls_(tls_of(options)) {
    const auto endpoint = endpoint_of(options);
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(net::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(net::socket_base::max_listen_connections, error);
    if (!error) {
      port_ = acceptor_.local_endpoint().port();
      return;
    }
    throw Error(error == net::error::access_denied ? Errc::permission : Errc::unavailable,
                "cannot listen on " + options.host + ", port " + std::to_string(options.port) + ": " + error.message() +
                    "; choose another with --host and --port");
  }

  ~Loop() { stop(std::chrono::milliseconds(0)); }

  void start() {
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

  void stop(std::chrono::milliseconds deadline) {
    if (!thread_.joinable()) return;
    auto drained = drained_.get_future();
    net::post(io_, [this] { drain(); });
    drained.wait_for(deadline);
    net::post(io_, [this] {
      while (!connections_.empty()) connections_.begin()->second->abort();
      work_.reset();
      io_.stop();
    });
    thread_.join();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (!acceptor_.is_open()) return;
      if (error) {
        pause_.expires_after(accept_pause);
        return pause_.async_wait([this](error_code stopped) {
          if (!stopped && acceptor_.is_open()) accept();
        });
      }
      take(std::move(socket));
      accept();
    });
  }

  void take(tcp::socket socket) {
    if (connections_.size() >= options_.limits.connections) return refuse(std::move(socket));
    const auto connection = make_connection(std::move(socket), tls_.get(), context_);
    connections_.emplace(connection.get(), connection);
    context_.telemetry.connections = connections_.size();
    connection->start();
  }

  /// Tells it as far as the socket takes the text at once.
  void refuse(tcp::socket socket) {
    context_.telemetry.refused("too_many_connections");
    error_code ignored;
    if (!tls_) {
      socket.non_blocking(true, ignored);
      socket.write_some(net::buffer(full), ignored);
      socket.shutdown(tcp::socket::shutdown_send, ignored);
    }
  }

  void forget(Connection* connection) {
    connections_.erase(connection);
    context_.telemetry.connections = connections_.size();
    if (context_.draining && connections_.empty()) tell_drained();
  }

  void drain() {
    context_.draining = true;
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    std::vector<std::shared_ptr<Connection>> open;
    for (const auto& [key, connection] : connections_) open.push_back(connection);
    for (const auto& connection : open) connection->drain();
    if (connections_.empty()) tell_drained();
  }

  void tell_drained() {
    if (!std::exchange(told_, true)) drained_.set_value();
  }

  const ServiceOptions& options_;
  net::io_context io_{1};
  net::executor_work_guard<net::io_context::executor_type> work_ = net::make_work_guard(io_);
  ConnectionContext context_;
  std::unique_ptr<net::ssl::context> tls_;
  tcp::acceptor acceptor_{io_};
  net::steady_timer pause_{io_};
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;  // of the I/O thread
  std::promise<void> drained_;
  bool told_ = false;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

Server::Server(const ServiceOptions& options, const Gateway& gateway, Telemetry& telemetry, Log& log)
    : loop_(std::make_unique<Loop>(options, gateway, telemetry, log)) {}

Server::~Server() = default;

void Server::start() {
  loop_->start();
}
std::uint16_t Server::port() const {
  return loop_->port();
}
void Server::stop(std::chrono::milliseconds deadline) {
  loop_->stop(deadline);
}

}  // namespace collective::service
