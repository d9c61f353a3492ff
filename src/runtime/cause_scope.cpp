#include "runtime/cause_scope.hpp"

namespace collective::runtime {
namespace {
thread_local const Cause* current = nullptr;
}

const Cause* current_cause() noexcept {
  return current;
}

CauseScope::CauseScope(const Cause* cause) noexcept : before_(current) {
  current = cause;
}
CauseScope::~CauseScope() {
  current = before_;
}

}  // namespace collective::runtime
