#include "collective/time.hpp"

#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace collective::cli {
namespace {

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
        print(json_of(info));
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
      print(json_of(info));
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
        print(json_of(group));
      } else {
        table.add({group.name, number(group.lag), number(group.pending), number(group.delayed), number(group.unowned),
                   number(group.dead_letters), number(group.lost), number(group.members.size()),
                   group.cursor.to_string()});
      }
    }
    if (!output.json()) table.empty() ? print("no groups yet\n") : table.print();
    return 0;
  }

 private:
  static std::string json_of(const StreamInfo& info) {
    return R"({"stream":)" + json_string(info.name) + R"(,"length":)" + number(info.length) + R"(,"first":)" +
           json_string(info.first.to_string()) + R"(,"last":)" + json_string(info.last.to_string()) + R"(,"delayed":)" +
           number(info.delayed) + R"(,"appended":)" + number(info.appended) + "}\n";
  }

  static std::string json_of(const GroupInfo& group) {
    std::string text =
        R"({"group":)" + json_string(group.name) + R"(,"cursor":)" + json_string(group.cursor.to_string());
    const auto add = [&](const char* name, std::uint64_t value) {
      text += ",\"" + std::string(name) + "\":" + number(value);
    };
    add("lag", group.lag);
    add("pending", group.pending);
    add("delayed", group.delayed);
    add("unowned", group.unowned);
    add("dead_letters", group.dead_letters);
    add("lost", group.lost);
    text += ",\"consumers\":[";
    for (std::size_t i = 0; i < group.members.size(); ++i) {
      text += (i == 0 ? "" : ",") + (R"({"name":)" + json_string(group.members[i].member)) + R"(,"pending":)" +
              number(group.members[i].pending) + "}";
    }
    return text + "]}\n";
  }
};

}  // namespace

void add_streams(CLI::App& program, Action& action) {
  const auto add = [&](const char* name, const char* help, bool of_stream, int (Streams::*run)()) {
    auto* const command = program.add_subcommand(name, help);
    const auto it = std::make_shared<Streams>();
    if (of_stream) command->add_option("stream", it->stream, "such as user.events")->required();
    it->broker.add_to(*command);
    add_output(*command, it->output);
    command->callback([it, run, &action] { action = [it, run] { return ((*it).*run)(); }; });
  };
  add("streams", "list the streams", false, &Streams::list);
  add("info", "what a stream holds", true, &Streams::info);
  add("groups", "the consumer groups of a stream and where they stand", true, &Streams::groups);
}

}  // namespace collective::cli
