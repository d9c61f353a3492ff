#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace collective {

enum class Severity : std::uint8_t { debug, info, warning, error };

/// Facts that want a person's attention; each is also logged.
enum class Alarm : std::uint8_t {
  unowned_type,       ///< a declared type waits and no live member handles it
  dead_letter,        ///< an event moved to the dead letters
  breaker_open,       ///< a group pauses because everything fails
  events_lost,        ///< entries a group still needed were dropped by force
  dead_letters_lost,  ///< dead letters were dropped by their cap or age
  handlers_hung,      ///< every slot of a subscription is past its max_handling_time
  suspected_loss,     ///< the broker lost a group or went back: events may be lost or handled again
  broker_trouble,     ///< the broker fails or cannot be reached
};
std::string_view name(Alarm alarm) noexcept;

/// Where the library reports: it never prints. Override what you need; the defaults do nothing.
///
/// Threads: called from the library's and the caller's threads at the same time. Do not block, throw, or call the
/// client or bus that is reporting. All views end with the call.
class Observer {
 public:
  virtual ~Observer() = default;

  virtual void log(Severity, std::string_view message) { (void)message; }

  /// A publish ended. `error` is empty when it was stored.
  virtual void published(std::string_view stream, std::size_t events, std::chrono::nanoseconds took,
                         std::string_view error) {
    (void)stream, (void)events, (void)took, (void)error;
  }
  /// A handler ended. `outcome` is "acknowledge", "retry" or "dead_letter"; `attempt` starts at 1.
  virtual void handled(std::string_view stream, std::string_view group, std::string_view type, std::string_view outcome,
                       std::uint32_t attempt, std::chrono::nanoseconds took) {
    (void)stream, (void)group, (void)type, (void)outcome, (void)attempt, (void)took;
  }
  virtual void alarm(Alarm, std::string_view stream, std::string_view group, std::string_view detail) {
    (void)stream, (void)group, (void)detail;
  }
};

}  // namespace collective
