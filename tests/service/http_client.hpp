#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// A client that sends what a test gives it, byte by byte, and takes the answer apart.
namespace collective::service::testing_support {

struct Reply {
  int status = 0;  ///< 0: the service closed the connection without an answer
  std::string head{};
  std::string body{};

  [[nodiscard]] bool has(std::string_view text) const { return body.find(text) != std::string::npos; }
  /// The value of a header; empty when there is none. @param name  in the case that the service writes
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// One connection to 127.0.0.1.
class Wire {
 public:
  explicit Wire(std::uint16_t port);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  void send(std::string_view bytes) const;
  /// The next answer, by its Content-Length.
  [[nodiscard]] Reply receive(bool has_body = true);
  /// Reads until what was received holds `text`; returns everything up to its end and keeps the rest.
  /// What was read, without `text`, when the service closes the connection before.
  [[nodiscard]] std::string receive_until(std::string_view text);
  /// Reads to the end.
  [[nodiscard]] std::string receive_all();
  /// Nothing is read for so long that the service's sends have to wait: small buffers.
  void take_little() const;

 private:
  bool read_more();

  int socket_ = -1;
  std::string received_;
};

/// A request's text. @param headers  each with its line break
[[nodiscard]] std::string request_text(std::string_view method, std::string_view target, std::string_view body = {},
                                       std::string_view headers = {});

}  // namespace collective::service::testing_support
