#include "roles.hpp"

#include <pthread.h>
#include <signal.h>

namespace pipeline {

collective::Options client_options(const RoleOptions& options, const char* source) {
  return {.broker = options.broker, .source = source};
}

namespace {
sigset_t ends() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}
}  // namespace

void block_signals() {
  const auto set = ends();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void wait_for_signal() {
  const auto set = ends();
  int signal = 0;
  sigwait(&set, &signal);
}

bool signal_came() {
  const auto set = ends();
  const timespec no_time{};
  return sigtimedwait(&set, nullptr, &no_time) > 0;
}

}  // namespace pipeline
