#include "broker/embedded/look_back.hpp"

#include "broker/embedded/log.hpp"

namespace collective::embedded {
namespace {

constexpr std::size_t slice = 10'000;  // entries read on one snapshot, which holds up the reuse of pages

bool look_further(const View& view, const broker::AppendBatch& batch, std::size_t event, LookedBack& looked) {
  const auto stream = view.stream_number(batch.stream);
  if (!stream) return true;
  const auto record = view.load<StreamRecord>(Key(Kind::stream).u32(*stream));
  return !record || look_on(view, *stream, *record, batch.events()[event].event.id, looked, slice);
}

}  // namespace

std::vector<LookedBack> look_back(Environment& environment, const broker::AppendBatch& batch) {
  std::vector<LookedBack> all(batch.events().size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& from = batch.events()[i].look_back;
    if (!from) continue;
    all[i].up_to = *from;
    while (!environment.read([&](const View& view) { return look_further(view, batch, i, all[i]); })) {
    }
  }
  return all;
}

bool look_on(const View& view, std::uint32_t stream, const StreamRecord& record, std::string_view event,
             LookedBack& looked, std::size_t limit) {
  if (looked.found) return true;
  const auto prefix = Key::of_log(stream);
  auto cursor = view.log();
  const bool any = cursor.seek(prefix, prefix);
  const bool gap = !any || id_of_log_key(cursor.key()) > next_after(looked.up_to);
  if (record.trimmed > looked.trimmed && gap) looked.unknowable = true;
  looked.trimmed = record.trimmed;
  bool more = any && cursor.seek(log_key(stream, next_after(looked.up_to)), prefix);
  for (; more && limit > 0; more = cursor.next(prefix), --limit) {
    looked.up_to = id_of_log_key(cursor.key());
    try {
      if (EventRecord::decode(cursor.key(), cursor.value(), {}).event.id != event) continue;
      looked.found = looked.up_to;
      return true;
    } catch (const BadRecord&) {
      looked.unknowable = true;
    }
  }
  return !more;
}

}  // namespace collective::embedded
