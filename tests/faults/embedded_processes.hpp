#pragma once

#include <array>
#include <functional>
#include <optional>
#include <stdexcept>

#include <lmdb.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

// Real processes for fault tests. They are forked before the test opens a store, so that no thread is lost in the fork.
namespace collective::embedded_test {

/// One process tells another that something happened, once per `raise`.
class Signal {
 public:
  Signal() {
    if (::pipe(ends_.data()) != 0) throw std::runtime_error("pipe failed");
  }
  ~Signal() {
    for (const int end : ends_) ::close(end);
  }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void raise() const {
    const char byte = 1;
    if (::write(ends_[1], &byte, 1) != 1) ::_exit(99);
  }
  /// False when nothing came within half a minute.
  [[nodiscard]] bool wait() const {
    pollfd waiting{ends_[0], POLLIN, 0};
    char byte = 0;
    return ::poll(&waiting, 1, 30'000) == 1 && ::read(ends_[0], &byte, 1) == 1;
  }

 private:
  std::array<int, 2> ends_{};
};

/// A child process that runs `body` and exits with what it returns. Killed with the object.
class Child {
 public:
  explicit Child(const std::function<int()>& body) : pid_(::fork()) {
    if (pid_ != 0) return;
    int status = 98;
    try {
      status = body();
    } catch (const std::exception& e) {
      static_cast<void>(!::write(2, e.what(), std::char_traits<char>::length(e.what())));
    }
    ::_exit(status);
  }
  ~Child() {
    if (ended_) return;
    ::kill(pid_, SIGKILL);
    static_cast<void>(exit_status());
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void kill(int signal = SIGKILL) const { ::kill(pid_, signal); }
  /// Waits for its end: its exit status, or minus the signal that ended it.
  int exit_status() {
    if (ended_) return *ended_;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return *ended_;
  }
  /// Waits until a SIGSTOP has stopped it.
  void wait_until_stopped() const {
    int status = 0;
    ::waitpid(pid_, &status, WUNTRACED);
  }

 private:
  pid_t pid_;
  std::optional<int> ended_;
};

/// The store's LMDB environment without this library, to do to it what nobody should.
class RawEnvironment {
 public:
  explicit RawEnvironment(const std::string& path) {
    mdb_env_create(&env_);
    mdb_env_set_maxdbs(env_, 4);
    mdb_env_set_mapsize(env_, std::size_t{1} << 30);
    if (mdb_env_open(env_, path.c_str(), MDB_NOTLS, 0600) != 0) throw std::runtime_error("cannot open " + path);
  }
  ~RawEnvironment() { mdb_env_close(env_); }
  RawEnvironment(const RawEnvironment&) = delete;
  RawEnvironment& operator=(const RawEnvironment&) = delete;
  [[nodiscard]] MDB_env* get() const { return env_; }
  [[nodiscard]] MDB_txn* begin(unsigned flags = 0) const {
    MDB_txn* txn = nullptr;
    if (mdb_txn_begin(env_, nullptr, flags, &txn) != 0) throw std::runtime_error("cannot begin a transaction");
    return txn;
  }

 private:
  MDB_env* env_ = nullptr;
};

}  // namespace collective::embedded_test
