#include "collective/catalog.hpp"
#include "collective/schema.hpp"

#include "cli/commands.hpp"
#include "cli/output.hpp"

namespace collective::cli {

void add_types(CLI::App& program, Action& action) {
  auto* const command = program.add_subcommand("types", "the event types of the catalogue, or the JSON Schema of one");
  const auto type = std::make_shared<std::string>();
  command->add_option("type", *type, "print this type's JSON Schema");
  command->callback([type, &action] {
    action = [type] {
      const auto catalog = TypeRegistry::catalog();
      if (!type->empty()) {
        print(json_schema(catalog.get(*type)) + "\n");
        return 0;
      }
      Table table({"TYPE", "VERSION", "STREAM"});
      for (const auto* known : catalog.list()) {
        table.add({std::string(known->name), std::to_string(known->version), std::string(known->stream)});
      }
      table.print();
      return 0;
    };
  });
}

void add_version(CLI::App& program, Action& action) {
  program.add_subcommand("version", "the version of this program")->callback([&action] {
    action = [] {
      print("event-bus " COLLECTIVE_VERSION ", brokers: embedded, memory\n");
      return 0;
    };
  });
}

}  // namespace collective::cli
