#include "broker/embedded/log.hpp"

#include <algorithm>

#include "broker/rules.hpp"

namespace collective::embedded {
namespace {

EntryId next_id(EntryId last, Timestamp now) {
  return std::max(EntryId::at(now), next_after(last));
}

std::size_t size_of(const EnvelopeView& event) {
  return event.id.size() + event.type.size() + event.correlation_id.size() + event.user_id.size() + event.data.size() +
         event.metadata.size() + 96;
}

std::optional<broker::Appended> remembered(const Unit& unit, const StreamState& stream, const broker::Append& one,
                                           Timestamp now) {
  if (!one.deduplicate) return std::nullopt;
  const auto seen = unit.load<SeenRecord>(Key(Kind::seen).u32(stream.number).name(one.event.id));
  if (!seen || seen->until <= now) return std::nullopt;
  return broker::Appended{seen->id, true};
}

void remember(Unit& unit, const StreamState& stream, std::string_view event, EntryId id, Timestamp until) {
  const auto key = Key(Kind::seen).u32(stream.number).name(event);
  if (const auto old = unit.load<SeenRecord>(key)) {
    unit.erase(Key(Kind::seen_until).u32(stream.number).time(old->until).name(event));
  }
  unit.store(key, SeenRecord{id, until});
  unit.put(Key(Kind::seen_until).u32(stream.number).time(until).name(event), {});
}

void delay(Unit& unit, StreamState& stream, const broker::Append& one) {
  const auto key = Key(Kind::delayed).u32(stream.number).time(one.not_before).u64(++stream.record.delayed_given);
  unit.put(key, EventRecord{0, {}, one.event, {}}.encode(key, stream.record.name, unit.scratch()));
  ++stream.record.delayed;
  stream.changed = true;
}

broker::Failure past_the_cap(const broker::AppendBatch& batch, std::uint64_t length) {
  return {Errc::full, "stream " + batch.stream + " holds " + std::to_string(length) + " entries and its hard cap is " +
                          std::to_string(batch.hard_cap) +
                          "; nothing was stored: trim it, let its groups catch up, or raise "
                          "the cap"};
}

// An event whose id nobody remembers counts as seen when it is found in the log.
std::optional<broker::Failure> look_for(const Unit& unit, const StreamState& stream, const broker::AppendBatch& batch,
                                        std::vector<LookedBack>& looked) {
  for (std::size_t i = 0; i < looked.size(); ++i) {
    const auto& one = batch.events()[i];
    if (!one.look_back || remembered(unit, stream, one, batch.now)) continue;
    look_on(unit, stream.number, stream.record, one.event.id, looked[i], SIZE_MAX);
    if (!looked[i].found && looked[i].unknowable) return broker::cannot_tell(one);
  }
  return std::nullopt;
}

}  // namespace

EntryId add_entry(Unit& unit, StreamState& stream, const EnvelopeView& event, Timestamp now) {
  auto& record = stream.record;
  record.last = next_id(record.last, now);
  ++record.appended;
  stream.changed = true;
  const auto key = log_key(stream.number, record.last);
  unit.put_log(key, EventRecord{record.appended, {}, event, {}}.encode(key, record.name, unit.scratch()));
  return record.last;
}

broker::Result<std::vector<broker::Appended>> append(Unit& unit, const broker::AppendBatch& batch,
                                                     std::vector<LookedBack> looked) {
  auto* stream = unit.stream(batch.stream);
  looked.resize(batch.events().size());
  if (stream != nullptr) {
    if (auto unknown = look_for(unit, *stream, batch, looked)) return std::move(*unknown);
  }
  const auto seen_before = [&](const broker::Append& one) -> std::optional<broker::Appended> {
    if (stream == nullptr) return std::nullopt;
    if (auto seen = remembered(unit, *stream, one, batch.now)) return seen;
    const auto& found = looked[static_cast<std::size_t>(&one - batch.events().data())].found;
    return found ? std::optional(broker::Appended{*found, true}) : std::nullopt;
  };
  const std::uint64_t length = stream != nullptr ? stream->record.length() + stream->record.delayed : 0;
  if (batch.hard_cap != 0) {
    const auto fresh =
        broker::events_to_store(batch, [&](const broker::Append& one) { return seen_before(one).has_value(); });
    if (length + fresh > batch.hard_cap) return past_the_cap(batch, length);
  }
  std::size_t bytes = 0;
  for (const auto& one : batch.events()) bytes += size_of(one.event);
  unit.require_room(bytes);
  if (stream == nullptr) stream = &unit.create_stream(batch.stream);

  std::vector<broker::Appended> answer;
  answer.reserve(batch.events().size());
  bool visible = false;
  for (const auto& one : batch.events()) {
    if (const auto before = seen_before(one)) {
      answer.push_back(*before);
      continue;
    }
    const bool later = one.not_before > batch.now;
    const EntryId id = later ? EntryId{} : add_entry(unit, *stream, one.event, batch.now);
    if (later) delay(unit, *stream, one);
    if (one.deduplicate) remember(unit, *stream, one.event.id, id, broker::remembered_until(batch, one));
    visible = true;
    answer.push_back({id, false});
  }
  if (visible) unit.news(*stream);
  return answer;
}

// In the end an event needs no more room as an entry than it had while it waited: when the store is full, small steps use
// the reserve, so that what is stored already can be handed out, and trimmed.
std::uint64_t promote(Unit& unit, StreamState& stream, Timestamp now, std::uint32_t limit) {
  std::uint64_t promoted = 0;
  std::size_t reserve = 64u << 10;
  const auto prefix = Key(Kind::delayed).u32(stream.number);
  auto cursor = unit.state();
  while (promoted < limit && cursor.seek(prefix, prefix)) {
    const std::string key(cursor.key());
    if (KeyReader(std::string_view(key).substr(5)).time() > now) break;
    const std::string record(cursor.value());
    const auto event = unit.decoded(key, [&] { return EventRecord::decode(key, record, stream.record.name); });
    if (!unit.claim_room(record.size())) {
      if (promoted > 0 && record.size() > reserve) break;
      reserve -= std::min(reserve, record.size());
    }
    unit.erase(key);
    const auto id = add_entry(unit, stream, event.event, now);
    --stream.record.delayed;
    if (event.event.id.size() <= broker::longest_name) {
      const auto seen_key = Key(Kind::seen).u32(stream.number).name(event.event.id);
      const auto seen = unit.load<SeenRecord>(seen_key);
      if (seen && seen->id == EntryId{}) unit.store(seen_key, SeenRecord{id, seen->until});
    }
    ++promoted;
  }
  if (promoted > 0) unit.news(stream);
  return promoted;
}

std::optional<Timestamp> next_delayed(const View& view, std::uint32_t stream) {
  const auto prefix = Key(Kind::delayed).u32(stream);
  auto cursor = view.state();
  if (!cursor.seek(prefix, prefix)) return std::nullopt;
  return KeyReader(cursor.key().substr(5)).time();
}

void forget_seen(Unit& unit, std::uint32_t stream, Timestamp now, std::uint32_t limit) {
  const auto prefix = Key(Kind::seen_until).u32(stream);
  auto cursor = unit.state();
  while (limit-- > 0 && cursor.seek(prefix, prefix)) {
    const std::string key(cursor.key());
    KeyReader fields(std::string_view(key).substr(5));
    if (fields.time() > now) return;
    unit.erase(key);
    unit.erase(Key(Kind::seen).u32(stream).name(fields.rest()));
  }
}

// --- reading ----------------------------------------------------------------------------------------------------

broker::Entry take_entry(std::string_view key, std::string_view record, std::string_view stream, broker::Arena& arena) {
  broker::Entry entry;
  entry.id = id_of_log_key(key);
  const auto copy = arena.copy(record);
  try {
    const auto stored = EventRecord::decode(key, copy, stream);
    entry.event = stored.event;
    entry.defect = stored.defect;
  } catch (const BadRecord& bad) {
    entry.event = {};
    entry.event.stream = stream;
    entry.event.data = copy;
    entry.defect = arena.copy("the stored entry cannot be read: " + std::string(bad.what()));
  }
  return entry;
}

std::uint64_t first_ordinal_after(const View& view, std::uint32_t stream, const StreamRecord& record, EntryId id) {
  const auto prefix = Key::of_log(stream);
  auto cursor = view.log();
  std::uint64_t unreadable = 0;
  for (bool more = cursor.seek(log_key(stream, next_after(id)), prefix); more; more = cursor.next(prefix)) {
    try {
      return EventRecord::decode(cursor.key(), cursor.value(), {}).ordinal - unreadable;
    } catch (const BadRecord&) {
      ++unreadable;  // ordinals have no gaps: count on from the next one
    }
  }
  return record.appended + 1 - unreadable;
}

broker::Page read(const View& view, const broker::Read& request) {
  broker::Page page;
  const auto number = view.stream_number(request.stream);
  if (!number) return page;
  page.last = view.load<StreamRecord>(Key(Kind::stream).u32(*number)).value_or(StreamRecord{}).last;
  if (request.after == EntryId::max()) return page;
  auto arena = std::make_shared<broker::Arena>();
  const auto name = arena->copy(request.stream);
  const auto prefix = Key::of_log(*number);
  std::size_t bytes = 0;
  auto cursor = view.log();
  bool more = false;
  if (request.backwards) {
    more = request.until == EntryId::max() ? cursor.seek_before(Key::of_log(*number + 1))
                                           : cursor.seek_before(log_key(*number, next_after(request.until)));
    more = more && cursor.key().starts_with(prefix);
  } else {
    more = cursor.seek(log_key(*number, next_after(request.after)), prefix);
  }
  while (more && page.entries.size() < request.limit && (bytes < request.max_bytes || page.entries.empty())) {
    const auto id = id_of_log_key(cursor.key());
    if (request.backwards ? id <= request.after : id > request.until) break;
    page.entries.push_back(take_entry(cursor.key(), cursor.value(), name, *arena));
    bytes += page.entries.back().event.data.size() + page.entries.back().event.metadata.size();
    more = request.backwards ? cursor.previous() && cursor.key().starts_with(prefix) : cursor.next(prefix);
  }
  page.storage = std::move(arena);
  return page;
}

}  // namespace collective::embedded
