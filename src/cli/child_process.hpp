#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace collective::cli {

/// What became of a command.
struct ChildEnd {
  int code = 0;      ///< its exit code; 128 and the signal when one ended it
  std::string said;  ///< the last line it wrote to standard error, at most 500 bytes
};

/// A command that reads one text from standard input. Its standard output is ours; its standard error is passed on.
struct ChildCommand {
  std::vector<std::string> words;                                ///< the program and its arguments
  std::string_view input;                                        ///< its standard input
  std::vector<std::pair<std::string, std::string>> environment;  ///< added to ours
};

/// Runs the command and waits for its end. Asked to stop, it sends SIGTERM to the command and what it started, and
/// SIGKILL after `grace`.
/// @throws Error Errc::unavailable when the command cannot be started
/// Threads: any number at once.   Cost: one process.
ChildEnd run_child(const ChildCommand& command, const std::stop_token& stop, std::chrono::milliseconds grace);

/// True when `program` names something that can be executed, by path or through $PATH.
[[nodiscard]] bool can_execute(const std::string& program);

}  // namespace collective::cli
