#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace collective {

/// What went wrong, as a stable code. `describe` gives each code's one-line meaning.
enum class Errc : std::uint8_t {
  ok = 0,
  invalid,        ///< the event, a name or an option is wrong; `Error::problems` lists every bad field
  unknown_type,   ///< no such event type is known to this client
  too_large,      ///< the event is larger than the configured limit
  loop,           ///< the event's chain of causes is longer than the hop limit
  not_connected,  ///< the client or bus was not connected, or is closed
  unavailable,    ///< the broker cannot be reached now; nothing was stored; trying again is safe
  unknown,        ///< the outcome is not known: the event may or may not be stored
  timeout,        ///< the awaited answer did not come in time
  full,           ///< the disk, the map or the stream's hard cap is full; nothing was stored
  not_found,      ///< no such stream, group, entry or dead letter
  conflict,       ///< the store's state does not allow it now (a stale token, a replay already running)
  corrupt,        ///< stored bytes failed their check
  incompatible,   ///< the store was written by a newer version
  permission,     ///< the operating system or the broker refused access
  cancelled,      ///< the caller closed or stopped it first
  failed,         ///< a step of a saga threw an exception of its own
  internal,       ///< a defect in this library
  deadlock,       ///< the call would wait for the thread it was made on: make it on another one
};

/// The code's name as it appears in logs and JSON, for example "too_large".
std::string_view name(Errc code) noexcept;

/// One bad field of an event: where it is, what was found, what is allowed.
struct FieldProblem {
  std::string pointer;  ///< JSON Pointer (RFC 6901) into the event's data, for example "/message/title"
  std::string found;    ///< what stands there, shortened; "nothing" when it is missing
  std::string allowed;  ///< what would be accepted

  friend bool operator==(const FieldProblem&, const FieldProblem&) = default;
};

/// The one exception type of this library. `what()` names what happened, to what, and what to do.
class Error : public std::runtime_error {
 public:
  Error(Errc code, const std::string& message, std::vector<FieldProblem> problems = {})
      : std::runtime_error(message), code_(code), problems_(std::move(problems)) {}

  [[nodiscard]] Errc code() const noexcept { return code_; }

  /// Every bad field, in the order of the event's fields; empty unless `code()` is `Errc::invalid`.
  [[nodiscard]] const std::vector<FieldProblem>& problems() const noexcept { return problems_; }

  /// True when the same call may succeed later without a change by the caller.
  [[nodiscard]] bool retryable() const noexcept {
    return code_ == Errc::unavailable || code_ == Errc::timeout || code_ == Errc::full;
  }

 private:
  Errc code_;
  std::vector<FieldProblem> problems_;
};

}  // namespace collective
