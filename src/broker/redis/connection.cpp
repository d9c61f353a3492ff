#include "broker/redis/connection.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "broker/redis/failure.hpp"
#include "broker/redis/fault.hpp"

namespace collective::redis {
namespace {

std::string name_of(const Options& options) {
  const auto place = options.host.starts_with('/') ? options.host : options.host + ":" + std::to_string(options.port);
  return (options.tls.on ? "rediss://" : "redis://") + place + "/" + std::to_string(options.database);
}

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Addresses resolve(const Options& options, std::string& why) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto error = getaddrinfo(options.host.c_str(), std::to_string(options.port).c_str(), &hints, &found);
  if (error != 0) why = gai_strerror(error);
  return {error == 0 ? found : nullptr, freeaddrinfo};
}

int open_socket(int family) {
  return ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/// Connects within the deadline; 0, or the error.
int connect_to(int socket, const sockaddr* address, socklen_t size, const Interrupt& interrupt,
               Clock::time_point deadline) {
  if (::connect(socket, address, size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!interrupt.wait(socket, POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
  return error;
}

void tune(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

}  // namespace

Server::Server(Options given)
    : options(std::move(given)),
      name(name_of(options)),
      tls(options.tls.on ? make_tls_context(options.tls) : nullptr) {}

Connection::Connection(const Server& server, const Interrupt& interrupt, Clock::time_point deadline)
    : server_(server), interrupt_(interrupt) {
  try {
    connect(deadline);
    if (server_.tls) shake_hands(deadline);
    greet(deadline);
  } catch (...) {
    if (socket_ >= 0) ::close(socket_);
    throw;
  }
}

Connection::~Connection() {
  ::close(socket_);
}

void Connection::lost(const std::string& why) const {
  throw Fault(Errc::unavailable, "the connection to " + server_.name + " was lost: " + why);
}

void Connection::connect(Clock::time_point deadline) {
  const auto& host = server_.options.host;
  std::string why = "no address";
  const auto attempt = [&](const sockaddr* address, socklen_t size) {
    socket_ = open_socket(address->sa_family);
    const int error = socket_ < 0 ? errno : connect_to(socket_, address, size, interrupt_, deadline);
    if (error == 0) return true;
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
    why = std::strerror(error);  // NOLINT(concurrency-mt-unsafe): glibc's is safe
    return false;
  };
  if (host.starts_with('/')) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    host.copy(address.sun_path, sizeof address.sun_path - 1);
    if (attempt(reinterpret_cast<const sockaddr*>(&address), sizeof address)) return;  // NOLINT: as sockets want it
  } else {
    const auto addresses = resolve(server_.options, why);
    for (const auto* one = addresses.get(); one != nullptr; one = one->ai_next) {
      if (!attempt(one->ai_addr, one->ai_addrlen)) continue;
      tune(socket_);
      return;
    }
  }
  throw Fault(Errc::unavailable, "cannot connect to " + server_.name + ": " + why +
                                     "; check that the server runs and that the address is right");
}

void Connection::shake_hands(Clock::time_point deadline) {
  ssl_ = make_tls_session(server_.tls, socket_, server_.options.host, server_.options.tls.verify);
  while (true) {
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) return;
    const int error = SSL_get_error(ssl_.get(), result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
      throw Fault(Errc::unavailable, "no TLS connection to " + server_.name + ": " + tls_error(ssl_.get()));
    const short events = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    if (!interrupt_.wait(socket_, events, deadline))
      throw Fault(Errc::unavailable, server_.name + " did not answer the TLS handshake in time");
  }
}

void Connection::greet(Clock::time_point deadline) {
  const auto& options = server_.options;
  if (!options.password.empty()) {
    Request request("AUTH");
    if (!options.user.empty()) request.add(options.user);
    request.add(options.password);
    expect_ok(request, "the user or password", deadline);
  }
  if (options.database != 0) expect_ok(Request("SELECT").add(options.database), "the database number", deadline);
  call(Request("CLIENT").add(std::string_view("SETNAME")).add(std::string_view("event-bus")), deadline);
  const auto info = call(Request("INFO").add(std::string_view("server")), deadline);
  if (info->root.is_error() && info->root.text.starts_with("NOAUTH")) {
    throw Fault(Errc::permission, server_.name +
                                      " wants a password: put it into the URL (redis://:PASSWORD@host) or into "
                                      "REDIS_PASSWORD");
  }
  const std::string_view text = info->root.is_error() ? std::string_view() : info->root.text;
  const auto at = text.find("redis_version:");
  if (at == std::string_view::npos) return;  // the user may not ask; what is missing will say so
  const auto version = text.substr(at + 14, text.find_first_of("\r\n", at) - at - 14);
  if (version.find('.') == 1 && version[0] < '7')
    throw Fault(Errc::incompatible, server_.name + " is Redis " + std::string(version) + "; 7.0 or later is needed");
}

void Connection::expect_ok(const Request& request, const std::string& doing, Clock::time_point deadline) {
  const auto answer = call(request, deadline);
  if (!answer->root.is_error()) return;
  const auto text = answer->root.text;
  const bool refused = text.starts_with("WRONGPASS") || text.starts_with("NOPERM") || text.starts_with("NOAUTH") ||
                       text.find("AUTH") != std::string_view::npos;
  const auto code = refused                            ? Errc::permission
                    : text.starts_with("ERR DB index") ? Errc::invalid
                                                       : failure_of(text, "").code;
  throw Fault(code == Errc::unknown ? Errc::unavailable : code,
              server_.name + " refuses " + doing + ": " + std::string(text) + "; check the URL");
}

AnswerPointer Connection::call(const Request& request, Clock::time_point deadline) {
  std::string bytes;
  request.write(bytes);
  while (true) {
    write_some(bytes);
    read_some();
    if (auto answer = next()) return answer;
    if (!interrupt_.wait(socket_, static_cast<short>(bytes.empty() ? POLLIN : POLLIN | POLLOUT), deadline))
      throw Fault(Errc::unavailable, server_.name + " did not answer in time");
  }
}

void Connection::wait(bool also_write, Clock::time_point deadline) {
  if (ssl_ && SSL_pending(ssl_.get()) > 0) return;
  interrupt_.wait(socket_, static_cast<short>(also_write || read_wants_write_ ? POLLIN | POLLOUT : POLLIN), deadline);
}

void Connection::write_some(std::string& bytes) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    if (ssl_) {
      std::size_t size = 0;
      const int result = SSL_write_ex(ssl_.get(), bytes.data() + written, bytes.size() - written, &size);
      if (result != 1) {
        const int error = SSL_get_error(ssl_.get(), result);
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) break;
        lost(tls_error(ssl_.get()));
      }
      written += size;
    } else {
      const auto size = ::send(socket_, bytes.data() + written, bytes.size() - written, MSG_NOSIGNAL);
      if (size < 0) {
        if (errno == EAGAIN || errno == EINTR) break;
        lost(std::strerror(errno));  // NOLINT(concurrency-mt-unsafe): glibc's is safe
      }
      written += static_cast<std::size_t>(size);
    }
  }
  bytes.erase(0, written);
}

void Connection::read_some() {
  thread_local std::array<char, 256 * 1024> buffer;
  read_wants_write_ = false;
  for (int rounds = 0; rounds < 16; ++rounds) {
    std::size_t size = 0;
    if (ssl_) {
      const int result = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &size);
      if (result != 1) {
        const int error = SSL_get_error(ssl_.get(), result);
        read_wants_write_ = error == SSL_ERROR_WANT_WRITE;
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
        lost(tls_error(ssl_.get()));
      }
    } else {
      const auto got = ::recv(socket_, buffer.data(), buffer.size(), 0);
      if (got < 0) {
        if (errno == EAGAIN || errno == EINTR) return;
        lost(std::strerror(errno));  // NOLINT(concurrency-mt-unsafe): glibc's is safe
      }
      if (got == 0) lost("the server closed it");
      size = static_cast<std::size_t>(got);
    }
    reader_.feed({buffer.data(), size});
    if (size < buffer.size() && !ssl_) return;
  }
}

}  // namespace collective::redis
