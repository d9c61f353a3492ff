#include <fstream>
#include <iostream>
#include <iterator>

#include "collective/catalog.hpp"

#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace collective::cli {
namespace {

struct Publish {
  BrokerOption broker;
  OutputOption output;
  std::string type, data = "{}", stream;
  PublishOptions options;
  std::int64_t delay_ms = 0;

  int run() {
    const auto& known = TypeRegistry::catalog().get(type);
    if (!stream.empty() && stream != known.stream) {
      throw Error(Errc::invalid,
                  "--stream " + stream + ": events of type " + type + " belong to stream " + std::string(known.stream));
    }
    options.delay = Millis(delay_ms);
    auto client = broker.connect();
    const auto published = client.publish(type, text(), options);
    client.close();
    const auto entry = published.entry_id == EntryId{} ? std::string() : published.entry_id.to_string();
    if (output.json()) {
      print(R"({"event_id":)" + json_string(published.event_id) + R"(,"stream":)" + json_string(known.stream) +
            R"(,"entry_id":)" + (entry.empty() ? "null" : json_string(entry)) + R"(,"duplicate":)" +
            (published.duplicate ? "true" : "false") + "}\n");
    } else {
      print(std::string(published.duplicate ? "already stored " : "stored ") + published.event_id + " in " +
            std::string(known.stream) + (entry.empty() ? ", not visible before its delay has passed" : " as " + entry) +
            "\n");
    }
    return 0;
  }

  [[nodiscard]] std::string text() const {
    if (data == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
    if (!data.starts_with('@')) return data;
    std::ifstream file(data.substr(1), std::ios::binary);
    if (!file)
      throw Error(Errc::invalid, "cannot read " + data.substr(1) + ": name a file after @, or give the JSON itself");
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

}  // namespace

void add_publish(CLI::App& command, Action& action) {
  const auto it = std::make_shared<Publish>();
  command.add_option("type", it->type, "event type, such as user.registered")->required();
  command.add_option("data", it->data, "its data: JSON, @file, or - for standard input");
  command.add_option("--stream", it->stream, "refuse unless the type belongs to this stream");
  command.add_option("--correlation-id", it->options.correlation_id, "of the flow it belongs to");
  command.add_option("--user-id", it->options.user_id, "on whose behalf");
  command.add_option("--key", it->options.key, "ordering key");
  command.add_option("--event-id", it->options.event_id, "a ULID: published twice, it is stored once");
  command.add_option("--delay-ms", it->delay_ms, "not visible before so many milliseconds have passed")
      ->check(CLI::NonNegativeNumber);
  it->broker.add_to(command);
  add_output(command, it->output);
  command.callback([it, &action] { action = [it] { return it->run(); }; });
}

}  // namespace collective::cli
