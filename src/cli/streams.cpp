#include "collective/time.hpp"

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "service/info_json.hpp"
#include "service/json_text.hpp"

namespace collective::cli {
namespace {

std::string json_of(const StreamInfo& info) {
  return service::JsonObject()
      .text("name", info.name)
      .number("length", info.length)
      .number("delayed", info.delayed)
      .number("entriesAdded", info.appended)
      .entry("firstId", info.first)
      .entry("lastId", info.last)
      .str();
}

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

struct Streams {
  BrokerOption broker;
  OutputOption output;
  std::string stream;

  int list() {
    auto client = broker.connect();
    Table table({"STREAM", "LENGTH", "FIRST", "LAST", "DELAYED", "GROUPS"});
    for (const auto& name : client.streams()) {
      const auto info = client.stream_info(name);
      if (output.json()) {
        print(json_of(info) + "\n");
      } else {
        table.add({name, number(info.length), info.first.to_string(), info.last.to_string(), number(info.delayed),
                   number(client.groups(name).size())});
      }
    }
    if (!output.json()) table.empty() ? print("no streams yet\n") : table.print();
    return 0;
  }

  int info() {
    auto client = broker.connect();
    const auto info = client.stream_info(stream);
    if (output.json()) {
      print(json_of(info) + "\n");
      return 0;
    }
    Table table({"stream", info.name});
    table.add({"broker", client.describe()});
    table.add({"length", number(info.length)});
    table.add({"first entry", info.first.to_string()});
    table.add({"last entry", info.last.to_string()});
    table.add({"delayed", number(info.delayed)});
    table.add({"ever stored", number(info.appended)});
    table.print();
    return 0;
  }

  int groups() {
    auto client = broker.connect();
    Table table({"GROUP", "LAG", "PENDING", "DELAYED", "UNOWNED", "DEAD", "LOST", "CONSUMERS", "CURSOR"});
    for (const auto& group : client.groups(stream)) {
      if (output.json()) {
        print(service::json_of(group) + "\n");
      } else {
        table.add({group.name, number(group.lag), number(group.pending), number(group.delayed), number(group.unowned),
                   number(group.dead_letters), number(group.lost), number(group.members.size()),
                   group.cursor.to_string()});
      }
    }
    if (!output.json()) table.empty() ? print("no groups yet\n") : table.print();
    return 0;
  }
};

void add(CLI::App& command, Action& action, int (Streams::*run)(), bool of_stream) {
  add_action<Streams>(command, action, run, [&](Streams& it) {
    if (of_stream) command.add_option("stream", it.stream, "such as user.events")->required();
    it.broker.add_to(command);
    add_output(command, it.output);
  });
}

}  // namespace

void add_streams(CLI::App& command, Action& action) {
  add(command, action, &Streams::list, false);
}
void add_info(CLI::App& command, Action& action) {
  add(command, action, &Streams::info, true);
}
void add_groups(CLI::App& command, Action& action) {
  add(command, action, &Streams::groups, true);
}

}  // namespace collective::cli
