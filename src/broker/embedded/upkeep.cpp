#include "broker/embedded/upkeep.hpp"

#include <algorithm>

#include "broker/embedded/log.hpp"
#include "broker/embedded/members.hpp"
#include "broker/embedded/work.hpp"

namespace collective::embedded {
namespace {

using broker::Retention;
using broker::Upkeep;
using broker::UpkeepReport;

/// When the last lease of the group ended; nothing while a member lives.
std::optional<Timestamp> deserted_since(const View& view, const GroupState& group, Timestamp now) {
  if (group.record.members == 0) return group.record.deserted;
  Timestamp last{};
  const auto prefix = Key(Kind::member).u32(group.number);
  auto cursor = view.state();
  for (bool more = cursor.seek(prefix, prefix); more; more = cursor.next(prefix)) {
    const auto member = view.decoded(cursor.key(), [&] { return MemberRecord::decode(cursor.key(), cursor.value()); });
    last = std::max(last, member.lease_until);
  }
  return last <= now ? std::optional(last) : std::nullopt;
}

/// A group while its stream is trimmed.
struct Need {
  GroupState* group = nullptr;
  bool pins = true;               ///< what it needs is not dropped
  std::optional<EntryId> lowest;  ///< its first pending entry
  std::uint64_t lost = 0;

  [[nodiscard]] bool needs(EntryId id) const { return id > group->record.cursor || (lowest && id >= *lowest); }
};

class Trim {
 public:
  Trim(Unit& unit, StreamState& stream, const Upkeep& request, UpkeepReport& report, std::uint32_t budget)
      : unit_(unit),
        stream_(stream),
        request_(request),
        retention_(request.retention),
        report_(report),
        budget_(budget) {
    for (auto* const group : unit.groups_of(stream)) {
      const auto deserted = deserted_since(unit, *group, request.now);
      const bool idle = retention_.idle_group > broker::Millis::zero() && deserted &&
                        request.now - *deserted >= retention_.idle_group;
      needs_.push_back({group, !idle && !retention_.force, lowest_pending(unit, group->number), 0});
    }
  }

  void entries() {
    const auto prefix = Key::of_log(stream_.number);
    auto cursor = unit_.log();
    for (bool here = cursor.seek(prefix, prefix); here; here = cursor.next(prefix)) {
      const auto id = id_of_log_key(cursor.key());
      if (!surplus(id) || pinned(id)) break;
      if (budget_ == 0) {
        report_.more = true;
        break;
      }
      drop_needed(id, cursor.value());
      cursor.erase();
      ++stream_.record.trimmed;
      stream_.changed = true;
      ++report_.trimmed;
      --budget_;
    }
    for (const auto& need : needs_) {
      if (need.lost > 0) report_.lost.push_back({need.group->record.name, need.lost});
    }
  }

  void letters() {
    for (const auto& need : needs_) {
      if (const auto dropped = drop_letters(*need.group); dropped > 0) {
        report_.dropped_dead_letters.push_back({need.group->record.name, dropped});
      }
    }
  }

 private:
  [[nodiscard]] bool surplus(EntryId id) const {
    if (retention_.min_id && id < *retention_.min_id) return true;
    const auto bound = retention_.max_length.value_or(retention_.keep);
    return bound != 0 && stream_.record.length() > bound;
  }

  [[nodiscard]] bool pinned(EntryId id) const {
    return std::any_of(needs_.begin(), needs_.end(), [&](const Need& need) { return need.pins && need.needs(id); });
  }

  /// Takes the entry from the groups that still needed it, and counts the loss.
  void drop_needed(EntryId id, std::string_view record) {
    for (auto& need : needs_) {
      if (!need.needs(id)) continue;
      auto& group = need.group->record;
      Work work(unit_, *need.group);
      if (const auto found = work.find({id, false})) {
        work.remove({id, false}, *found);
        ++need.lost;
        ++group.lost;
      } else if (id > group.cursor && counts(*need.group, id, record)) {
        ++need.lost;
        ++group.lost;
      }
      work.finish();
      group.cursor = std::max(group.cursor, id);
      need.group->changed = true;
      need.lowest = lowest_pending(unit_, need.group->number);
    }
  }

  static bool counts(const GroupState& group, EntryId id, std::string_view record) {
    try {
      return declares(group.routes, EventRecord::decode(log_key(group.record.stream, id), record, {}).event.type, id);
    } catch (const BadRecord&) {
      return true;  // unreadable entries go to the group's dead letters, so they count
    }
  }

  std::uint64_t drop_letters(GroupState& group) {
    std::uint64_t dropped = 0;
    const auto prefix = Key(Kind::letter).u32(group.number);
    auto cursor = unit_.state();
    for (bool here = cursor.seek(prefix, prefix); here; here = cursor.next(prefix)) {
      const auto letter = unit_.decoded(cursor.key(), [&] { return Letter::decode(cursor.key(), cursor.value()); });
      const bool too_many = retention_.dead_letter_cap != 0 && group.record.letters > retention_.dead_letter_cap;
      const bool too_old = retention_.dead_letter_age > broker::Millis::zero() &&
                           request_.now - letter.died >= retention_.dead_letter_age;
      if (!too_many && !too_old) break;
      if (budget_ == 0) {
        report_.more = true;
        break;
      }
      cursor.erase();
      --group.record.letters;
      ++group.record.letters_dropped;
      group.changed = true;
      ++dropped;
      --budget_;
    }
    return dropped;
  }

  Unit& unit_;
  StreamState& stream_;
  const Upkeep& request_;
  const Retention& retention_;
  UpkeepReport& report_;
  std::uint32_t budget_;
  std::vector<Need> needs_;
};

}  // namespace

broker::Result<UpkeepReport> upkeep(Unit& unit, const Upkeep& request) {
  constexpr std::uint32_t slice_when_short = 256;  // a large deletion needs pages of its own before it frees any
  UpkeepReport report;
  auto* const stream = unit.stream(request.stream);
  if (stream == nullptr) return report;
  const auto due = next_delayed(unit, stream->number);
  if (due && *due <= request.now) report.promoted = promote(unit, *stream, request.now, request.slice);
  report.next_delayed = next_delayed(unit, stream->number);
  report.more = report.promoted > 0 && report.next_delayed && *report.next_delayed <= request.now;
  if (!request.trim) return report;

  auto budget = request.slice - static_cast<std::uint32_t>(std::min<std::uint64_t>(report.promoted, request.slice));
  if (unit.short_of_room()) budget = std::min(budget, slice_when_short);
  forget_seen(unit, stream->number, request.now, budget);
  Trim trim(unit, *stream, request, report, budget);
  trim.entries();
  trim.letters();
  return report;
}

}  // namespace collective::embedded
