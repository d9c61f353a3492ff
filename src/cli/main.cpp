#include <iostream>

#include <signal.h>

#include "collective/error.hpp"

#include "cli/commands.hpp"

namespace {

using collective::Errc;

// The codes of sysexits.h where it has one.
int exit_code_of(Errc code) {
  switch (code) {
    case Errc::invalid:
    case Errc::unknown_type:
    case Errc::too_large:
      return 2;
    case Errc::unavailable:
    case Errc::not_connected:
      return 69;
    case Errc::unknown:
    case Errc::timeout:
    case Errc::full:
      return 75;
    case Errc::corrupt:
    case Errc::incompatible:
    case Errc::permission:
      return 78;
    default:
      return 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  collective::cli::Action action;
  const auto program = collective::cli::make_program(action);
  try {
    program->parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return program->exit(wrong) == 0 ? 0 : 2;
  }
  try {
    return action();
  } catch (const collective::Error& error) {
    std::cerr << "event-bus: " << error.what() << "\n";
    return exit_code_of(error.code());
  } catch (const std::exception& error) {
    std::cerr << "event-bus: " << error.what() << "\n";
    return 1;
  }
}
