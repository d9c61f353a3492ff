#pragma once

#include <exception>
#include <string>
#include <utility>

#include "broker/result.hpp"

namespace collective::redis {

/// Thrown inside the room when a connection cannot go on. Never leaves it: it becomes a Failure, or an Error of `open`.
class Fault : public std::exception {
 public:
  Fault(Errc code, std::string message) : failure_{code, std::move(message)} {}

  [[nodiscard]] const char* what() const noexcept override { return failure_.message.c_str(); }
  [[nodiscard]] const broker::Failure& failure() const noexcept { return failure_; }
  [[nodiscard]] Errc code() const noexcept { return failure_.code; }

 private:
  broker::Failure failure_;
};

}  // namespace collective::redis
