#include "broker/redis/wire.hpp"

#include <charconv>

#include "collective/time.hpp"

namespace collective::redis {
namespace {

std::string ordered(std::uint64_t number) {
  auto digits = std::to_string(number);
  return static_cast<char>('a' + digits.size() - 1) + digits;
}

/// Takes an ordered number from the front.
std::uint64_t take_ordered(std::string_view& text) {
  if (text.empty()) return 0;
  const auto size = std::min<std::size_t>(static_cast<std::size_t>(text[0] - 'a') + 1, text.size() - 1);
  std::uint64_t number = 0;
  std::from_chars(text.data() + 1, text.data() + 1 + size, number);
  text.remove_prefix(size + 1);
  return number;
}

bool read_version(std::string_view text, std::uint32_t& version) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  return error == std::errc() && end == text.data() + text.size();
}

/// The fields as text, one a line, for people to look at.
std::string_view raw(Answer& answer, std::span<const Reply> fields) {
  std::string text;
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2)
    text.append(fields[i].text).append(": ").append(fields[i + 1].text).append("\n");
  return answer.text.copy(text);
}

struct Found {
  EnvelopeView event{};
  bool id = false, type = false, data = false;
  std::string_view defect{};
};

void take_field(Found& found, std::string_view name, std::string_view value) {
  auto& event = found.event;
  if (name == "id") {
    event.id = value;
    found.id = true;
  } else if (name == "stream") {
    event.stream = value;
  } else if (name == "type") {
    event.type = value;
    found.type = true;
  } else if (name == "version") {
    if (!read_version(value, event.version)) found.defect = "its field \"version\" is no number";
  } else if (name == "timestamp") {
    const auto time = parse_iso8601(value);
    if (!time) found.defect = "its field \"timestamp\" is no time";
    event.timestamp = time.value_or(event.timestamp);
  } else if (name == "correlation_id") {
    event.correlation_id = value;
  } else if (name == "user_id") {
    event.user_id = value;
  } else if (name == "data") {
    event.data = value;
    found.data = true;
  } else if (name == "metadata") {
    event.metadata = value == "{}" ? std::string_view() : value;
  }
}

}  // namespace

void add_event(Request& request, const EnvelopeView& event) {
  char time[iso8601_length];
  write_iso8601(event.timestamp, time);
  request.add(event.id)
      .add(event.type)
      .add(event.version)
      .add(std::string_view(time, sizeof time))
      .add(event.correlation_id)
      .add(event.user_id)
      .add(event.data)
      .add(event.metadata.empty() ? std::string_view("{}") : event.metadata);
}

broker::Entry entry_of(Answer& answer, EntryId id, std::span<const Reply> fields, std::string_view stream) {
  Found found;
  found.event.stream = stream;
  found.event.timestamp = Timestamp(broker::Millis(static_cast<broker::Millis::rep>(id.ms)));
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) take_field(found, fields[i].text, fields[i + 1].text);
  if (!found.data) found.defect = "it has no field \"data\"";
  if (!found.type) found.defect = "it has no field \"type\"";
  if (!found.id) found.defect = "it has no field \"id\"";
  if (!found.defect.empty()) found.event.data = raw(answer, fields);
  return {id, found.event, found.defect};
}

EntryId id_of(std::string_view text) {
  return EntryId::parse(text).value_or(EntryId{});
}

std::string name_of(const broker::WorkId& work) {
  if (work.side) return "0" + ordered(work.id.seq);
  return ordered(work.id.ms) + ordered(work.id.seq);
}

broker::WorkId work_of(std::string_view name) {
  if (name.starts_with('0')) {
    name.remove_prefix(1);
    return {{0, take_ordered(name)}, true};
  }
  const auto ms = take_ordered(name);
  return {{ms, take_ordered(name)}, false};
}

}  // namespace collective::redis
