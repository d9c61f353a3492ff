#pragma once

#include <functional>
#include <memory>

#include <CLI/CLI.hpp>

// The commands of `event-bus`. Each adds itself to the program and sets what is to run; they call the library and decide
// nothing about delivery.
namespace collective::cli {

/// What the chosen command does; returns the exit code.
using Action = std::function<int()>;

void add_publish(CLI::App& program, Action& action);
void add_tail(CLI::App& program, Action& action);
void add_streams(CLI::App& program, Action& action);  ///< streams, info, groups
void add_dead_letters(CLI::App& program, Action& action);
void add_types(CLI::App& program, Action& action);
void add_serve(CLI::App& program, Action& action);
void add_version(CLI::App& program, Action& action);

}  // namespace collective::cli
