#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "service/http.hpp"

namespace collective::service {

/// Where a handler runs.
enum class RunOn : std::uint8_t {
  io,       ///< the I/O thread: it never blocks
  worker,   ///< a worker: it calls the library
  waiting,  ///< a thread for calls that wait for news, when the query has waitMs; else a worker
};

/// A parameter of the query, as it stands in the OpenAPI document.
struct QueryParameter {
  std::string_view name;
  std::string_view description;
  std::string_view schema = R"({"type":"string"})";
};

/// What the OpenAPI document says of a route beside its method, path and scope.
struct Documentation {
  std::string_view operation;  ///< its name in generated clients, such as listStreams
  std::string_view tag;
  std::string_view summary;
  std::vector<QueryParameter> query{};
  std::string_view body{};                           ///< JSON Schema of the request's body; empty: none
  std::string_view data = R"({"type":"object"})";    ///< JSON Schema of `data` in the answer, or of the whole answer
  std::string_view media_type = "application/json";  ///< another one: the answer has no `success` around it
  std::vector<int> refusals{};                       ///< statuses of its own, beside those that every route may have
};

/// A call of the service. The table of them serves the requests and is what the OpenAPI document is made from.
struct Route {
  std::string_view method;
  std::string_view path;  ///< such as /streams/{stream}/info
  Scope scope = Scope::info;
  RunOn run = RunOn::worker;
  std::function<Answer(const Request&)> handler{};  ///< throws Problem or Error for what it refuses
  Documentation documentation{};
};

/// Finds the route of a request.
class RouteTable {
 public:
  /// References to routes stay valid only once all are added.
  void add(Route route);

  struct Found {
    const Route* route = nullptr;             ///< null: no route has the path and the method
    std::vector<std::string_view> allowed{};  ///< when the path exists with other methods
    std::vector<std::pair<std::string_view, std::string>> parameters{};
  };
  [[nodiscard]] Found find(std::string_view method, const std::vector<std::string>& segments) const;
  [[nodiscard]] const std::vector<Route>& routes() const noexcept { return routes_; }

 private:
  std::vector<Route> routes_;
  std::vector<std::vector<std::string_view>> patterns_;  // the segments of each route's path
};

}  // namespace collective::service
