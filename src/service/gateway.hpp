#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "service/access.hpp"
#include "service/log.hpp"
#include "service/route.hpp"
#include "service/telemetry.hpp"
#include "service/worker_pool.hpp"

namespace collective::service {

class Problem;

/// Between the connections and the handlers: judges requests, runs handlers where they belong, turns what they throw
/// into answers.
///
/// Threads: `judge` and `answer` from the I/O thread.
class Gateway {
 public:
  /// Everything is borrowed and outlives the gateway.
  struct Parts {
    const ServiceOptions& options;
    const RouteTable& routes;
    WorkerPool& workers;
    WorkerPool& waiters;
    Log& log;
    Telemetry& telemetry;
  };
  explicit Gateway(const Parts& parts) : parts_(parts), access_(parts.options) {}

  /// Judges a request by its head, before its body is read, and completes it. @return the refusal, if it is one
  [[nodiscard]] std::optional<Response> judge(Request& request) const;

  /// Runs the handler of a request that `judge` let pass. `done` is called once, from any thread.
  void answer(std::shared_ptr<const Request> request, std::function<void(Answer)> done) const;

  /// The answer to what is no request at all.
  [[nodiscard]] Response refuse(int status, std::string_view code, const std::string& message,
                                std::string_view peer) const;

 private:
  using Clock = std::chrono::steady_clock;
  void judge_or_throw(Request& request) const;
  [[nodiscard]] Answer handle(const Request& request) const;
  [[nodiscard]] Response refusal_of(const Problem& problem) const;
  void record(const Request& request, int status, Clock::time_point began) const;

  const Parts parts_;
  const Access access_;
};

}  // namespace collective::service
