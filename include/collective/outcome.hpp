#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace collective {

/// What a handler decides about an event. A handler may also return bool: true acknowledges, false retries.
class Outcome {
 public:
  enum class Kind : std::uint8_t { acknowledge, retry, dead_letter };

  /// Done: this group never sees the event again.
  static Outcome acknowledge() { return Outcome(Kind::acknowledge); }

  /// Failed: try again after the retry policy's wait. `error` is kept in the event's attempt history.
  static Outcome retry(std::string error = "the handler asked for a retry") {
    return {Kind::retry, std::nullopt, std::move(error)};
  }

  /// Failed: try again after this wait instead of the policy's. Counts as an attempt.
  static Outcome retry_after(std::chrono::milliseconds delay, std::string error = "the handler asked for a retry") {
    return {Kind::retry, delay, std::move(error)};
  }

  /// Hopeless: to the group's dead letters at once, with this reason.
  static Outcome dead_letter(std::string reason) { return {Kind::dead_letter, std::nullopt, std::move(reason)}; }

  Outcome(bool handled) : Outcome(handled ? acknowledge() : retry("the handler returned false")) {}  // NOLINT

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] std::optional<std::chrono::milliseconds> delay() const noexcept { return delay_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  Outcome(Kind kind, std::optional<std::chrono::milliseconds> delay = std::nullopt, std::string text = {})
      : kind_(kind), delay_(delay), text_(std::move(text)) {}

  Kind kind_;
  std::optional<std::chrono::milliseconds> delay_;
  std::string text_;
};

}  // namespace collective
