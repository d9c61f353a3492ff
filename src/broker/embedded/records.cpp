#include "broker/embedded/records.hpp"

#include "broker/embedded/codec.hpp"

namespace collective::embedded {
namespace {

constexpr std::uint8_t format = 1;

void put(Encoder& to, const broker::Progress& progress) {
  to.varint(progress.attempts).varint(progress.stalls).varint(progress.generation);
  to.u8(static_cast<std::uint8_t>((progress.suspect ? 1 : 0) | (progress.started ? 2 : 0)));
  to.time(progress.due).text(progress.route).text(progress.note);
}

broker::Progress progress_from(Decoder& from) {
  broker::Progress progress;
  progress.attempts = from.varint32();
  progress.stalls = from.varint32();
  progress.generation = from.varint32();
  const auto flags = from.u8();
  progress.suspect = (flags & 1) != 0;
  progress.started = (flags & 2) != 0;
  progress.due = from.time();
  progress.route = from.text();
  progress.note = from.text();
  return progress;
}

}  // namespace

std::string_view FormatRecord::encode(std::string_view key, std::string& out) const {
  return Encoder(out, format).varint(version).varint(oldest_reader).varint(next_stream).varint(next_group).finish(key);
}

FormatRecord FormatRecord::decode(std::string_view key, std::string_view record) {
  Decoder from(key, record, format);
  FormatRecord result;
  result.version = from.varint32();
  result.oldest_reader = from.varint32();
  result.next_stream = from.varint32();
  result.next_group = from.varint32();
  return result;
}

std::string_view StreamRecord::encode(std::string_view key, std::string& out) const {
  Encoder to(out, format);
  to.text(name).id(last).varint(appended).varint(trimmed).varint(delayed).varint(delayed_given).varint(tokens_given);
  return to.finish(key);
}

StreamRecord StreamRecord::decode(std::string_view key, std::string_view record) {
  Decoder from(key, record, format);
  StreamRecord result;
  result.name = from.text();
  result.last = from.id();
  result.appended = from.varint();
  result.trimmed = from.varint();
  result.delayed = from.varint();
  result.delayed_given = from.varint();
  if (!from.rest().empty()) result.tokens_given = from.varint();  // earlier libraries did not write it
  return result;
}

std::string_view GroupRecord::encode(std::string_view key, std::string& out) const {
  Encoder to(out, format);
  to.text(name).varint(stream).id(cursor).varint(tokens).varint(sides);
  to.varint(letters_given).varint(letters).varint(lost).varint(letters_dropped).varint(members);
  to.time(lease_bound).time(deserted).id(replay_after).id(replay_until).text(lane_holder).varint(epoch);
  return to.finish(key);
}

GroupRecord GroupRecord::decode(std::string_view key, std::string_view record) {
  Decoder from(key, record, format);
  GroupRecord result;
  result.name = from.text();
  result.stream = from.varint32();
  result.cursor = from.id();
  result.tokens = from.varint();
  result.sides = from.varint();
  result.letters_given = from.varint();
  result.letters = from.varint();
  result.lost = from.varint();
  result.letters_dropped = from.varint();
  result.members = from.varint();
  result.lease_bound = from.time();
  result.deserted = from.time();
  result.replay_after = from.id();
  result.replay_until = from.id();
  result.lane_holder = from.text();
  result.epoch = from.varint();
  return result;
}

std::string_view encode(const std::vector<Route>& routes, std::string_view key, std::string& out) {
  Encoder to(out, format);
  to.varint(routes.size());
  for (const auto& route : routes) to.text(route.name).id(route.since);
  return to.finish(key);
}

std::vector<Route> decode_routes(std::string_view key, std::string_view record) {
  Decoder from(key, record, format);
  std::vector<Route> routes;
  for (auto left = from.varint(); left > 0; --left) {
    Route route;
    route.name = from.text();
    route.since = from.id();
    routes.push_back(std::move(route));
  }
  return routes;
}

std::string_view MemberRecord::encode(std::string_view key, std::string& out) const {
  Encoder to(out, format);
  to.time(lease_until).varint(routes.size());
  for (const auto& route : routes) to.text(route);
  return to.finish(key);
}

MemberRecord MemberRecord::decode(std::string_view key, std::string_view record) {
  Decoder from(key, record, format);
  MemberRecord result;
  result.lease_until = from.time();
  for (auto left = from.varint(); left > 0; --left) result.routes.emplace_back(from.text());
  return result;
}

std::string_view Pending::encode(std::string_view key, std::string& out) const {
  Encoder to(out, format);
  to.varint(token).text(member).time(deadline);
  put(to, progress);
  return to.finish(key);
}

Pending Pending::decode(std::string_view key, std::string_view record) {
  Decoder from(key, record, format);
  Pending result;
  result.token = from.varint();
  result.member = from.text();
  result.deadline = from.time();
  result.progress = progress_from(from);
  return result;
}

std::string_view Run::encode(std::string_view key, std::string& out) const {
  Encoder to(out, format);
  to.varint(token).text(member).time(deadline).varint(ids.size());
  EntryId before{};
  for (const auto& id : ids) {  // within one millisecond only the counter's step is stored
    to.varint(id.ms - before.ms).varint(id.ms == before.ms ? id.seq - before.seq : id.seq);
    before = id;
  }
  for (std::size_t i = 0; i < live.size(); i += 8) {
    std::uint8_t bits = 0;
    for (std::size_t bit = 0; bit < 8 && i + bit < live.size(); ++bit) {
      if (live[i + bit]) bits = static_cast<std::uint8_t>(bits | (1u << bit));
    }
    to.u8(bits);
  }
  return to.finish(key);
}

Run Run::decode(std::string_view key, std::string_view record) {
  Decoder from(key, record, format);
  Run run;
  run.token = from.varint();
  run.member = from.text();
  run.deadline = from.time();
  const auto size = from.varint();
  if (size > capacity) throw BadRecord("a run in it is too long");
  run.ids.reserve(size);
  EntryId before{};
  for (std::size_t i = 0; i < size; ++i) {
    const auto step = from.varint();
    const auto seq = from.varint();
    before = {before.ms + step, step == 0 ? before.seq + seq : seq};
    run.ids.push_back(before);
  }
  run.live.resize(size);
  for (std::size_t i = 0; i < size; i += 8) {
    const auto bits = from.u8();
    for (std::size_t bit = 0; bit < 8 && i + bit < size; ++bit) run.live[i + bit] = ((bits >> bit) & 1u) != 0;
  }
  return run;
}

std::string_view Letter::encode(std::string_view key, std::string& out) const {
  Encoder to(out, format);
  to.id(id).time(died);
  put(to, progress);
  to.text(reason).raw(event);
  return to.finish(key);
}

Letter Letter::decode(std::string_view key, std::string_view record) {
  Decoder from(key, record, format);
  Letter letter;
  letter.id = from.id();
  letter.died = from.time();
  letter.progress = progress_from(from);
  letter.reason = from.text();
  letter.event = from.rest();
  return letter;
}

std::string_view SeenRecord::encode(std::string_view key, std::string& out) const {
  return Encoder(out, format).id(id).time(until).finish(key);
}

SeenRecord SeenRecord::decode(std::string_view key, std::string_view record) {
  Decoder from(key, record, format);
  SeenRecord result;
  result.id = from.id();
  result.until = from.time();
  return result;
}

}  // namespace collective::embedded
