#include "broker/embedded/verify_records.hpp"

#include "broker/rules.hpp"

namespace collective::embedded {
namespace {

using std::string_view;

void expect(bool right, const char* problem) {
  if (!right) throw BadRecord(problem);
}

template <class Record>
void decodes(const View&, string_view key, string_view value) {
  static_cast<void>(Record::decode(key, value));
}

void routes(const View&, string_view key, string_view value) {
  static_cast<void>(decode_routes(key, value));
}

void event_copy(const View&, string_view key, string_view value) {
  static_cast<void>(EventRecord::decode(key, value, {}));
}

void letter(const View&, string_view key, string_view value) {
  static_cast<void>(EventRecord::decode_body(Letter::decode(key, value).event, {}));
}

void stream_name(const View& view, string_view key, string_view value) {
  expect(value.size() == 4, "it is no number");
  const auto number = KeyReader(value).u32();
  const auto stream = view.load<StreamRecord>(Key(Kind::stream).u32(number));
  expect(stream && stream->name == key.substr(1), "it leads to no stream of that name");
}

void group_name(const View& view, string_view key, string_view value) {
  expect(value.size() == 4, "it is no number");
  KeyReader fields(key.substr(1));
  const auto stream = fields.u32();
  const auto group = view.load<GroupRecord>(Key(Kind::group).u32(KeyReader(value).u32()));
  expect(group && group->stream == stream && group->name == fields.rest(), "it leads to no group of that name");
}

void seen(const View& view, string_view key, string_view value) {
  const auto record = SeenRecord::decode(key, value);
  KeyReader fields(key.substr(1));
  const auto stream = fields.u32();
  expect(fields.rest().size() <= broker::longest_name, "its event id is too long");
  expect(view.get(Key(Kind::seen_until).u32(stream).time(record.until).name(fields.rest())).has_value(),
         "nothing says when it is forgotten");
}

void seen_until(const View& view, string_view key, string_view) {
  KeyReader fields(key.substr(1));
  const auto stream = fields.u32();
  const auto until = fields.time();
  const auto remembered = view.load<SeenRecord>(Key(Kind::seen).u32(stream).name(fields.rest()));
  expect(remembered && remembered->until == until, "it leads to no remembered event id");
}

void ready(const View& view, string_view key, string_view) {
  KeyReader fields(key.substr(1));
  const auto group = fields.u32();
  fields.byte();     // suspect
  fields.counted();  // route
  fields.time();
  const auto id = fields.id();
  const bool side = fields.byte() != 0;
  expect(view.get(work_key(Kind::parked, group, {id, side})).has_value(), "it leads to no parked entry");
}

void deadline(const View& view, string_view key, string_view) {
  KeyReader fields(key.substr(1));
  const auto group = fields.u32();
  fields.time();
  const bool of_run = fields.byte() != 0;
  const bool side = fields.byte() != 0;
  const auto id = fields.id();
  const auto held = of_run ? Key(Kind::run).u32(group).id(id) : work_key(Kind::held, group, {id, side});
  expect(view.get(held).has_value(), "it leads to no delivery");
}

using Check = void (*)(const View&, string_view key, string_view value);

Check check_of(Kind kind) {
  switch (kind) {
    case Kind::format:
      return decodes<FormatRecord>;
    case Kind::stream:
      return decodes<StreamRecord>;
    case Kind::stream_name:
      return stream_name;
    case Kind::group:
      return decodes<GroupRecord>;
    case Kind::group_name:
      return group_name;
    case Kind::routes:
      return routes;
    case Kind::member:
      return decodes<MemberRecord>;
    case Kind::run:
      return decodes<Run>;
    case Kind::held:
    case Kind::parked:
      return decodes<Pending>;
    case Kind::ready:
      return ready;
    case Kind::deadline:
      return deadline;
    case Kind::side:
    case Kind::delayed:
      return event_copy;
    case Kind::letter:
      return letter;
    case Kind::seen:
      return seen;
    case Kind::seen_until:
      return seen_until;
  }
  return [](const View&, string_view, string_view) { throw BadRecord("it is of no known kind"); };
}

}  // namespace

std::vector<std::string> verify_records(const View& view) {
  std::vector<std::string> problems;
  auto cursor = view.state();
  for (bool more = cursor.seek(string_view("\0", 1)); more; more = cursor.next()) {
    try {
      check_of(static_cast<Kind>(cursor.key().front()))(view, cursor.key(), cursor.value());
    } catch (const BadRecord& bad) {
      problems.emplace_back(view.corrupt(cursor.key(), bad.what()).what());
    } catch (const Fault&) {  // what it leads to cannot be read: that record is named in its own turn
    }
  }
  return problems;
}

}  // namespace collective::embedded
