#include "collective/error.hpp"

namespace collective {

std::string_view name(Errc code) noexcept {
  switch (code) {
    case Errc::ok:
      return "ok";
    case Errc::invalid:
      return "invalid";
    case Errc::unknown_type:
      return "unknown_type";
    case Errc::too_large:
      return "too_large";
    case Errc::loop:
      return "loop";
    case Errc::not_connected:
      return "not_connected";
    case Errc::unavailable:
      return "unavailable";
    case Errc::unknown:
      return "unknown";
    case Errc::timeout:
      return "timeout";
    case Errc::full:
      return "full";
    case Errc::not_found:
      return "not_found";
    case Errc::conflict:
      return "conflict";
    case Errc::corrupt:
      return "corrupt";
    case Errc::incompatible:
      return "incompatible";
    case Errc::permission:
      return "permission";
    case Errc::cancelled:
      return "cancelled";
    case Errc::failed:
      return "failed";
    case Errc::internal:
      return "internal";
    case Errc::deadlock:
      return "deadlock";
  }
  return "internal";
}

}  // namespace collective
