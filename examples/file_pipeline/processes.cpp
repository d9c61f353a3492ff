#include "processes.hpp"

#include <cerrno>
#include <system_error>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pipeline {
namespace {

int code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

void Processes::start(const std::string& role, const std::vector<std::string>& arguments) {
  std::vector<std::string> words{"file-pipeline", "--role", role};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  const pid_t parent = ::getpid();
  const pid_t id = ::fork();
  if (id < 0) throw std::system_error(errno, std::generic_category(), "cannot start the " + role);
  if (id == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() == parent) ::execv("/proc/self/exe", argv.data());
    ::_exit(127);
  }
  children_.push_back({role, id});
}

std::vector<Processes::Ended> Processes::ended() {
  std::vector<Ended> gone;
  std::erase_if(children_, [&](const Child& child) {
    int status = 0;
    if (::waitpid(child.id, &status, WNOHANG) != child.id) return false;
    gone.push_back({child.role, code_of(status)});
    return true;
  });
  return gone;
}

void Processes::stop() {
  for (const auto& child : children_) ::kill(child.id, SIGTERM);
  for (const auto& child : children_) ::waitpid(child.id, nullptr, 0);
  children_.clear();
}

}  // namespace pipeline
