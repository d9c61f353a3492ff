#include "service/http_client.hpp"

#include <array>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace collective::service::testing_support {

std::string Reply::header(std::string_view name) const {
  const auto at = head.find("\r\n" + std::string(name) + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + 2 + name.size() + 2;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

Wire::Wire(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit{20, 0};  // reached by a failure only
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect to the service");
}

Wire::~Wire() {
  ::close(socket_);
}

void Wire::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // what the service answers tells why
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool Wire::read_more() {
  std::array<char, 16'384> buffer{};
  const auto size = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (size <= 0) return false;
  received_.append(buffer.data(), static_cast<std::size_t>(size));
  return true;
}

std::string Wire::receive_until(std::string_view text) {
  std::size_t from = 0;
  while (true) {
    if (const auto at = received_.find(text, from); at != std::string::npos) {
      auto part = received_.substr(0, at + text.size());
      received_.erase(0, part.size());
      return part;
    }
    from = received_.size() > text.size() ? received_.size() - text.size() : 0;
    if (!read_more()) return std::exchange(received_, {});
  }
}

std::string Wire::receive_all() {
  while (read_more()) {
  }
  return std::exchange(received_, {});
}

Reply Wire::receive(bool has_body) {
  Reply reply;
  reply.head = receive_until("\r\n\r\n");
  if (!reply.head.ends_with("\r\n\r\n")) return {};
  reply.status = std::stoi(reply.head.substr(9, 3));
  const auto length = reply.header("Content-Length");
  if (!has_body || length.empty()) return reply;
  while (received_.size() < std::stoul(length) && read_more()) {
  }
  reply.body = received_.substr(0, std::stoul(length));
  received_.erase(0, reply.body.size());
  return reply;
}

void Wire::take_little() const {
  const int size = 1'024;
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

std::string request_text(std::string_view method, std::string_view target, std::string_view body,
                         std::string_view headers) {
  std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
  if (headers.find("Host:") == std::string_view::npos) text += "Host: localhost\r\n";
  text += headers;
  if (!body.empty()) {
    if (headers.find("Content-Type:") == std::string_view::npos) text += "Content-Type: application/json\r\n";
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  return text + "\r\n" + std::string(body);
}

}  // namespace collective::service::testing_support
