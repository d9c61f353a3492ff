#include <algorithm>

#include "collective/catalog.hpp"

#include "cli/commands.hpp"
#include "cli/output.hpp"

// Shell completion, made from the commands themselves.
namespace collective::cli {
namespace {

struct Word {
  std::string text, help;
};

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

/// What may follow a command: its subcommands and options, event types or streams where it names one.
std::vector<Word> words_after(const CLI::App& command) {
  std::vector<Word> words;
  for (const auto* below : command.get_subcommands({})) words.push_back({below->get_name(), below->get_description()});
  const auto options_of = [&](const CLI::App& app) {
    for (const auto* option : app.get_options()) {
      for (const auto& name : option->get_lnames()) {
        const bool known =
            std::any_of(words.begin(), words.end(), [&](const Word& w) { return w.text == "--" + name; });
        if (!known) words.push_back({"--" + name, first_line(option->get_description())});
      }
    }
  };
  options_of(command);
  for (const auto* below : command.get_subcommands({})) options_of(*below);
  const auto has = [&](const std::string& positional) { return command.get_option_no_throw(positional) != nullptr; };
  const auto catalog = TypeRegistry::catalog();
  std::vector<std::string> names;
  for (const auto* type : catalog.list()) {
    if (has("type") && command.get_option("type")->get_positional()) names.emplace_back(type->name);
    if (has("stream") || has("streams") || command.get_name() == "dead-letters") names.emplace_back(type->stream);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (auto& name : names) words.push_back({std::move(name), ""});
  return words;
}

std::string joined(const std::vector<Word>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word.text;
  return text;
}

std::string bash(const CLI::App& program) {
  std::string script =
      "# bash completion of event-bus; to use it: source <(event-bus completion bash)\n"
      "_event_bus() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} words\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    words='" +
      joined(words_after(program)) +
      "'\n"
      "  else\n"
      "    case ${COMP_WORDS[1]} in\n";
  for (const auto* command : program.get_subcommands({}))
    script += "      " + command->get_name() + ") words='" + joined(words_after(*command)) + "' ;;\n";
  return script +
         "    esac\n"
         "  fi\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "}\n"
         "complete -o default -F _event_bus event-bus\n";
}

/// 'word:help' for zsh's _describe.
std::string described(const std::vector<Word>& words) {
  std::string text;
  for (const auto& word : words) {
    std::string entry;
    for (const char c : word.text) entry += c == ':' ? "\\:" : std::string(1, c);
    if (!word.help.empty()) entry += ":" + word.help;
    text += " '";
    for (const char c : entry) text += c == '\'' ? "'\\''" : std::string(1, c);
    text += "'";
  }
  return text;
}

std::string zsh(const CLI::App& program) {
  std::string script =
      "#compdef event-bus\n"
      "# zsh completion of event-bus; to use it: event-bus completion zsh > DIRECTORY_OF_FPATH/_event-bus\n"
      "_event_bus() {\n"
      "  local -a words_here\n"
      "  if ((CURRENT == 2)); then\n"
      "    words_here=(" +
      described(words_after(program)) +
      " )\n"
      "  else\n"
      "    case $words[2] in\n";
  for (const auto* command : program.get_subcommands({}))
    script += "      " + command->get_name() + ") words_here=(" + described(words_after(*command)) + " ) ;;\n";
  return script +
         "    esac\n"
         "  fi\n"
         "  _describe 'event-bus' words_here || _files\n"
         "}\n"
         "if [[ $funcstack[1] == _event-bus ]]; then _event_bus \"$@\"; else compdef _event_bus event-bus; fi\n";
}

}  // namespace

void add_completion(CLI::App& command, Action& action) {
  const auto shell = std::make_shared<std::string>();
  command.add_option("shell", *shell, "bash or zsh")->required()->check(CLI::IsMember({"bash", "zsh"}));
  command.callback([shell, &action] {
    action = [shell] {
      Action unused;
      const auto program = make_program(unused);
      print(*shell == "bash" ? bash(*program) : zsh(*program));
      return 0;
    };
  });
}

}  // namespace collective::cli
