#include "cli/commands.hpp"
#include "cli/output.hpp"

// The manual page, made from the commands themselves.
namespace collective::cli {
namespace {

/// Text as roff takes it literally.
std::string roff(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else if ((c == '.' || c == '\'') && (escaped.empty() || escaped.back() == '\n')) {
      (escaped += "\\&") += c;
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string option_text(const CLI::Option& option) {
  std::string names;
  for (const auto& name : option.get_snames()) names += (names.empty() ? "" : ", ") + ("-" + name);
  for (const auto& name : option.get_lnames()) names += (names.empty() ? "" : ", ") + ("--" + name);
  if (option.get_positional()) names = option.get_single_name();
  const bool flag = option.get_type_size() == 0;
  return ".TP\n.B " + roff(names) + (flag || option.get_positional() ? "" : " \\fIVALUE\\fR") + "\n" +
         roff(option.get_description()) + "\n";
}

void write_command(const CLI::App& command, const std::string& name, std::string& page) {
  page += ".SS " + roff(name);
  for (const auto* option : command.get_options()) {
    if (option->get_positional()) page += " " + roff(option->get_single_name());
  }
  page += "\n" + roff(command.get_description()) + ".\n";
  for (const auto* option : command.get_options()) {
    if (option->get_name() != "--help") page += option_text(*option);
  }
  if (!command.get_footer().empty()) page += ".PP\n.nf\n" + roff(command.get_footer()) + "\n.fi\n";
  for (const auto* below : command.get_subcommands({})) write_command(*below, name + " " + below->get_name(), page);
}

constexpr std::string_view after_commands = R"(.SH ENVIRONMENT
.TP
.B EVENT_BUS_BROKER
the broker's URL where \-\-broker names none
.TP
.B REDIS_HOST, REDIS_PORT, REDIS_PASSWORD, REDIS_DB
the broker where neither names one
.TP
.B NO_COLOR
set to anything: no colour
.PP
Without any of them: the embedded store under $XDG_STATE_HOME, or ~/.local/state.
.SH EXIT STATUS
.TP
.B 0
it was done
.TP
.B 1
it could not be done
.TP
.B 2
the command line or an event is wrong
.TP
.B 69
the broker cannot be reached
.TP
.B 75
it may work later: full, no answer in time, or an outcome that is not known
.TP
.B 78
the store or its rights are wrong
.TP
.B 130, 143
ended by SIGINT or SIGTERM
)";

}  // namespace

void add_man(CLI::App& command, Action& action) {
  command.callback([&action] {
    action = [] {
      Action unused;
      const auto program = make_program(unused);
      std::string page = ".TH EVENT\\-BUS 1 \"\" \"event\\-bus " COLLECTIVE_VERSION
                         "\" \"Collective Events\"\n.SH NAME\nevent\\-bus \\- publish, show and repair events\n"
                         ".SH SYNOPSIS\n.B event\\-bus\n.I COMMAND\n[\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n" +
                         roff(program->get_description()) + "\n.SH COMMANDS\n";
      for (const auto* below : program->get_subcommands({})) write_command(*below, below->get_name(), page);
      print(page);
      print(after_commands);
      return 0;
    };
  });
}

}  // namespace collective::cli
