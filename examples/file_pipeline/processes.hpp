#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace pipeline {

/// The pipeline's processes: this program, started again with `--role`. They end with this object, and with this
/// process however it ends.
class Processes {
 public:
  Processes() = default;
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;
  ~Processes() { stop(); }

  void start(const std::string& role, const std::vector<std::string>& arguments);

  /// Names of those that ended since the last call. `code`: their exit code, or 128 plus the signal.
  struct Ended {
    std::string role;
    int code;
  };
  std::vector<Ended> ended();

  /// SIGTERM to all, and waits until they have drained and ended.
  void stop();

 private:
  struct Child {
    std::string role;
    pid_t id;
  };
  std::vector<Child> children_;
};

}  // namespace pipeline
