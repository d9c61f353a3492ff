#include "collective/catalog.hpp"
#include "collective/codec.hpp"
#include "collective/schema.hpp"

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "service/asyncapi.hpp"

namespace collective::cli {
namespace {

struct Types {
  OutputOption output;
  std::string type;
  bool schema = false, asyncapi = false, typescript = false;
  TypeRegistry catalog = TypeRegistry::catalog();

  int run() {
    if (asyncapi) {
      print(service::asyncapi(catalog) + "\n");
    } else if (typescript) {
      print_each([](const TypeDescriptor& known) { return collective::typescript(known); });
    } else if (schema || !type.empty()) {
      print_each([](const TypeDescriptor& known) { return json_schema(known) + "\n"; });
    } else {
      list();
    }
    return 0;
  }

 private:
  template <class Text>
  void print_each(const Text& text) const {
    if (!type.empty()) return print(text(catalog.get(type)));
    for (const auto* known : catalog.list()) print(text(*known));
  }

  void list() const {
    Table table({"TYPE", "VERSION", "STREAM"});
    for (const auto* known : catalog.list()) {
      if (output.json()) {
        print(R"({"type":)" + json_string(known->name) + R"(,"version":)" + std::to_string(known->version) +
              R"(,"stream":)" + json_string(known->stream) + "}\n");
      } else {
        table.add({std::string(known->name), std::to_string(known->version), std::string(known->stream)});
      }
    }
    if (!output.json()) table.print();
  }
};

}  // namespace

void add_types(CLI::App& command, Action& action) {
  add_action<Types>(command, action, &Types::run, [&](Types& it) {
    command.add_option("type", it.type, "only this one; prints its JSON Schema");
    auto* const schema = command.add_flag("--json-schema", it.schema, "JSON Schema 2020-12, one type a line");
    auto* const asyncapi = command.add_flag("--asyncapi", it.asyncapi, "all of them as an AsyncAPI 3 document");
    command.add_flag("--typescript", it.typescript, "TypeScript interfaces")->excludes(schema)->excludes(asyncapi);
    command.add_option("--output", it.output.format, "of the list: text, or json for programs")
        ->check(CLI::IsMember({"text", "json"}));
  });
}

void add_version(CLI::App& command, Action& action) {
  command.callback([&action] {
    action = [] {
      print("event-bus " COLLECTIVE_VERSION ", brokers: embedded, redis, memory\n");
      return 0;
    };
  });
}

}  // namespace collective::cli
