#include "cli/child_process.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collective/error.hpp"

extern "C" {
#include <sys/pidfd.h>  // glibc 2.36 leaves the linkage to us
}

extern char** environ;

namespace collective::cli {
namespace {

/// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    close();
    number_ = std::exchange(other.number_, -1);
    return *this;
  }
  ~Descriptor() { close(); }
  [[nodiscard]] int get() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_;
};

[[noreturn]] void fail(const std::string& what, int error) {
  throw Error(Errc::unavailable, what + ": " + std::strerror(error));
}

std::pair<Descriptor, Descriptor> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("no pipe for a command", errno);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

/// Starts the command in a process group of its own, so that a Ctrl-C at the terminal does not reach it: it ends when
/// the subscription says so.
pid_t spawn(const ChildCommand& command, int input, int error_output) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, error_output, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, pipe;
  sigemptyset(&none);
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &pipe);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  auto words = command.words;
  auto environment = environment_with(command.environment);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, words.front().c_str(), &files, &attributes, pointers_to(words).data(),
                                   pointers_to(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) fail("cannot start " + words.front(), error);
  return child;
}

/// Keeps the last line of what passes by.
class LastLine {
 public:
  void add(std::string_view text) {
    for (const char c : text) {
      if (c != '\n') {
        if (line_.size() < 500) line_ += c;
      } else if (!line_.empty()) {
        last_ = std::exchange(line_, {});
      }
    }
  }
  [[nodiscard]] const std::string& get() const { return line_.empty() ? last_ : line_; }

 private:
  std::string line_, last_;
};

/// Feeds a command, listens to its errors, and passes on the wish to stop, until it ends.
class Conversation {
 public:
  Conversation(pid_t child, std::string_view input, Descriptor to_child, Descriptor from_child)
      : child_(child), input_(input), to_child_(std::move(to_child)), from_child_(std::move(from_child)) {
    if (end_.get() < 0 || wish_.get() < 0) fail("cannot watch a command", errno);
    ::fcntl(to_child_.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(from_child_.get(), F_SETFL, O_NONBLOCK);
    if (input_.empty()) to_child_.close();
  }

  void hold(const std::stop_token& stop, std::chrono::milliseconds grace) {
    const std::stop_callback wake(stop, [this] { ::eventfd_write(wish_.get(), 1); });
    while (true) {
      std::array<pollfd, 4> ready{{{end_.get(), POLLIN, 0},
                                   {wish_.get(), POLLIN, 0},
                                   {to_child_.get(), POLLOUT, 0},
                                   {from_child_.get(), POLLIN, 0}}};
      const int count = ::poll(ready.data(), ready.size(), asked_ ? static_cast<int>(grace.count()) : -1);
      if (count == 0) ::kill(-child_, SIGKILL);
      if (count <= 0) continue;
      if (ready[1].revents != 0) ask();
      if (ready[2].revents != 0) write();
      if (ready[3].revents != 0) read();
      if (ready[0].revents != 0) return read();
    }
  }

  [[nodiscard]] const std::string& last_line() const { return line_.get(); }

 private:
  void ask() {
    eventfd_t value = 0;
    ::eventfd_read(wish_.get(), &value);
    ::kill(-child_, SIGTERM);
    asked_ = true;
  }

  void write() {
    const auto written = ::write(to_child_.get(), input_.data(), input_.size());
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (written > 0) input_.remove_prefix(static_cast<std::size_t>(written));
    if (written < 0 || input_.empty()) to_child_.close();  // a command need not read it all
  }

  /// All that is there now; what the command's own children write later is not waited for.
  void read() {
    std::array<char, 4096> buffer{};
    while (from_child_.get() >= 0) {
      const auto size = ::read(from_child_.get(), buffer.data(), buffer.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno == EAGAIN) return;
      if (size <= 0) return from_child_.close();
      const std::string_view text(buffer.data(), static_cast<std::size_t>(size));
      line_.add(text);
      (void)!::write(STDERR_FILENO, text.data(), text.size());
    }
  }

  const pid_t child_;
  std::string_view input_;
  Descriptor to_child_, from_child_;
  const Descriptor end_{::pidfd_open(child_, 0)};
  const Descriptor wish_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  bool asked_ = false;
  LastLine line_;
};

}  // namespace

ChildEnd run_child(const ChildCommand& command, const std::stop_token& stop, std::chrono::milliseconds grace) {
  auto [input, to_child] = make_pipe();
  auto [from_child, error_output] = make_pipe();
  const pid_t child = spawn(command, input.get(), error_output.get());
  input.close();
  error_output.close();
  Conversation conversation(child, command.input, std::move(to_child), std::move(from_child));
  conversation.hold(stop, grace);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), conversation.last_line()};
}

bool can_execute(const std::string& program) {
  if (program.find('/') != std::string::npos) return ::access(program.c_str(), X_OK) == 0;
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access(((folder.empty() ? "." : folder) + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace collective::cli
