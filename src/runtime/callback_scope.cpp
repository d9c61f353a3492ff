#include "runtime/callback_scope.hpp"

#include <string>

namespace collective::runtime {
namespace {
thread_local unsigned depth = 0;
}

CallbackScope::CallbackScope() noexcept {
  ++depth;
}
CallbackScope::~CallbackScope() {
  --depth;
}

bool in_callback() noexcept {
  return depth > 0;
}

std::optional<broker::Failure> refused_in_callback(std::string_view call) {
  if (!in_callback()) return std::nullopt;
  return broker::Failure{Errc::deadlock,
                         std::string(call) +
                             ": called in a callback of publish_async, whose thread would have to carry it out: it "
                             "would wait for itself; nothing was done: call it on a thread of your own"};
}

void refuse_in_callback(std::string_view call) {
  if (const auto refused = refused_in_callback(call)) throw Error(refused->code, refused->message);
}

}  // namespace collective::runtime
