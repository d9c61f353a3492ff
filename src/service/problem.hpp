#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "collective/error.hpp"

#include "service/http.hpp"

namespace collective::service {

/// A refusal with its HTTP status and a code that callers may rely on. The message says what to do.
class Problem : public std::runtime_error {
 public:
  /// @param code     static text
  /// @param details  a JSON object; empty: none
  Problem(int status, std::string_view code, const std::string& message, std::string details = {})
      : std::runtime_error(message), status_(status), code_(code), details_(std::move(details)) {}

  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] std::string_view code() const noexcept { return code_; }
  [[nodiscard]] const std::string& details() const noexcept { return details_; }

 private:
  int status_;
  std::string_view code_;
  std::string details_;
};

/// 400 or 422 with every bad field in `details.problems`.
[[nodiscard]] Problem bad_fields(int status, std::string_view code, const std::string& message,
                                 const std::vector<FieldProblem>& problems);

/// The library's error as a refusal: 4xx for the caller's fault, 5xx for ours.
[[nodiscard]] Problem problem_of(const Error& error);

/// `{"success": true, "data": …}`
[[nodiscard]] Response success(std::string data, int status = 200);
/// `{"success": false, "error": …, "code": …, "details": …}`
[[nodiscard]] Response refusal(const Problem& problem);

}  // namespace collective::service
