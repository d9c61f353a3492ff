#pragma once

#include <exception>
#include <string>
#include <utility>

#include "broker/result.hpp"

namespace collective::embedded {

/// Thrown inside the room when a step cannot go on; whatever it wrote is rolled back with its transaction. Never leaves
/// the room: it becomes the step's Failure, or an Error when thrown while opening.
class Fault : public std::exception {
 public:
  Fault(Errc code, std::string message, int cause = 0) : failure_{code, std::move(message)}, cause_(cause) {}

  [[nodiscard]] const char* what() const noexcept override { return failure_.message.c_str(); }
  [[nodiscard]] const broker::Failure& failure() const noexcept { return failure_; }
  [[nodiscard]] Errc code() const noexcept { return failure_.code; }
  [[nodiscard]] int cause() const noexcept { return cause_; }  ///< LMDB's or the system's code; 0: none

 private:
  broker::Failure failure_;
  int cause_;
};

/// The Fault for an LMDB or system error code met while doing something ("committing") to the store at `path`.
Fault fault_of(int cause, const std::string& doing, const std::string& path);

}  // namespace collective::embedded
