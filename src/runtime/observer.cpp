#include "collective/observer.hpp"

namespace collective {

std::string_view name(Alarm alarm) noexcept {
  switch (alarm) {
    case Alarm::unowned_type:
      return "unowned_type";
    case Alarm::dead_letter:
      return "dead_letter";
    case Alarm::breaker_open:
      return "breaker_open";
    case Alarm::events_lost:
      return "events_lost";
    case Alarm::dead_letters_lost:
      return "dead_letters_lost";
    case Alarm::handlers_hung:
      return "handlers_hung";
    case Alarm::suspected_loss:
      return "suspected_loss";
    case Alarm::broker_trouble:
      return "broker_trouble";
  }
  return "unknown";
}

}  // namespace collective
