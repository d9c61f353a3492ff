#include "broker/redis/interrupt.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace collective::redis {

Interrupt::Interrupt() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Interrupt::~Interrupt() {
  ::close(descriptor_);
}

void Interrupt::raise() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
}

void Interrupt::clear() const {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(descriptor_, &count, sizeof count);
}

bool Interrupt::wait(int socket, short events, Clock::time_point deadline) const {
  pollfd watched[2] = {{descriptor_, POLLIN, 0}, {socket, events, 0}};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  const auto timeout = static_cast<int>(std::clamp<long long>(left, 0, 60'000));
  if (::poll(watched, socket < 0 ? 1 : 2, timeout) <= 0) return false;
  return watched[1].revents != 0;
}

}  // namespace collective::redis
