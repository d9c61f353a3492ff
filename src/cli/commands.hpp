#pragma once

#include <functional>
#include <memory>
#include <span>

#include <CLI/CLI.hpp>

// The commands of `event-bus`. Each describes its options and sets what is to run; they call the library and decide
// nothing about delivery.
namespace collective::cli {

/// What the chosen command does; returns the exit code.
using Action = std::function<int()>;

/// One command: its place in the help, and what gives it its options.
struct Command {
  const char* name;
  const char* section;
  const char* help;
  void (*add)(CLI::App& command, Action& action);
};

/// All of them, in the order of the help.
std::span<const Command> commands();

/// The whole program, ready to parse; the chosen command sets `action`.
std::unique_ptr<CLI::App> make_program(Action& action);

/// Lets `run` of a new T, which `describe` gave its options, be what the command does.
template <class T>
void add_action(CLI::App& command, Action& action, int (T::*run)(), const std::function<void(T&)>& describe) {
  const auto it = std::make_shared<T>();
  describe(*it);
  command.callback([it, run, &action] { action = [it, run] { return ((*it).*run)(); }; });
}

void add_publish(CLI::App& command, Action& action);
void add_tail(CLI::App& command, Action& action);
void add_consume(CLI::App& command, Action& action);
void add_streams(CLI::App& command, Action& action);
void add_info(CLI::App& command, Action& action);
void add_groups(CLI::App& command, Action& action);
void add_pending(CLI::App& command, Action& action);
void add_dead_letters(CLI::App& command, Action& action);
void add_replay(CLI::App& command, Action& action);
void add_forget(CLI::App& command, Action& action);
void add_trim(CLI::App& command, Action& action);
void add_trace(CLI::App& command, Action& action);
void add_types(CLI::App& command, Action& action);
void add_doctor(CLI::App& command, Action& action);
void add_bench(CLI::App& command, Action& action);
void add_serve(CLI::App& command, Action& action);
void add_completion(CLI::App& command, Action& action);
void add_man(CLI::App& command, Action& action);
void add_version(CLI::App& command, Action& action);

}  // namespace collective::cli
