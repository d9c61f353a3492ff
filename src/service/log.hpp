#pragma once

#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collective/observer.hpp"

#include "service/options.hpp"

namespace collective::service {

/// Takes secrets out of texts that leave the process. Threads: any.
class Redactor {
 public:
  explicit Redactor(const ServiceOptions& options);
  [[nodiscard]] std::string clean(std::string text) const;

 private:
  std::vector<std::string> secrets_;
};

/// The structured log: one line an event, as text (`key=value`) or JSON, control characters escaped, secrets taken out.
/// Threads: any.
class Log {
 public:
  using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  explicit Log(const ServiceOptions& options);

  [[nodiscard]] bool writes(Severity severity) const noexcept { return severity >= level_; }
  void write(Severity severity, std::string_view message, Fields fields = {});
  [[nodiscard]] const Redactor& redactor() const noexcept { return redactor_; }

 private:
  const Severity level_;
  const bool json_;
  const Redactor redactor_;
  const LogSink sink_;
  std::mutex mutex_;  // one line at a time
};

}  // namespace collective::service
