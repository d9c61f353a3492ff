#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/tokens.hpp"

namespace collective::service {

struct Route;

/// A request as the handlers see it. Owns its text.
struct Request {
  // as sent
  std::string method{};
  std::string target{};
  std::string host{};
  std::string origin{};
  std::string authorization{};
  std::string content_type{};
  std::string last_event_id{};
  bool has_body = false;
  std::string body{};
  std::string peer{};  ///< the client's address

  // as understood by the gateway
  const Route* route = nullptr;
  std::vector<std::pair<std::string_view, std::string>> parameters{};  ///< of the path
  std::vector<std::pair<std::string, std::string>> query{};            ///< decoded
  Principal principal{};

  /// A parameter of the path, for example "stream"; the route has it.
  [[nodiscard]] const std::string& parameter(std::string_view name) const;
  /// Null when it is not in the query.
  [[nodiscard]] const std::string* query_value(std::string_view name) const;
};

/// What is sent back. `body` is the whole answer.
struct Response {
  int status = 200;
  std::string body{};
  std::string content_type = "application/json";
  std::vector<std::pair<std::string_view, std::string>> headers{};
};

/// An answer without an end: what a session asks for text to send, again and again.
///
/// Threads: all are called from the service's I/O thread; the wake function may be called from any.
class EventSource {
 public:
  virtual ~EventSource() = default;
  /// Appends what can be sent now. @return false once it ended; what was appended is still sent
  virtual bool next(std::string& out) = 0;
  /// Set once, before the first `next`: to be called whenever `next` may have more.
  virtual void on_news(std::function<void()> wake) = 0;
  /// The service stops: the following `next` says so and is the last.
  virtual void end() = 0;
};

/// A response, or the beginning of one that `source` goes on with.
struct Answer {
  Response response{};
  std::shared_ptr<EventSource> source{};
};

}  // namespace collective::service
