#include "broker/memory/upkeep.hpp"

#include <algorithm>

namespace collective::memory {
namespace {

using broker::Retention;

/// When the last lease of the group ended; nothing while a member lives, or when it never had one.
std::optional<Timestamp> deserted_since(const Group& group, Timestamp now) {
  if (group.members.empty()) return group.deserted;
  Timestamp last{};
  for (const auto& [name, member] : group.members) last = std::max(last, member.lease_until);
  return last <= now ? std::optional(last) : std::nullopt;
}

bool pins(const Group& group, const Retention& retention, Timestamp now) {
  if (retention.force) return false;
  const auto deserted = deserted_since(group, now);
  return !(retention.idle_group > broker::Millis::zero() && deserted && now - *deserted >= retention.idle_group);
}

class Trim {
 public:
  Trim(Stream& stream, const broker::Upkeep& request, broker::UpkeepReport& report, std::uint64_t budget)
      : stream_(stream), request_(request), retention_(request.retention), report_(report), budget_(budget) {}

  void entries() {
    std::map<std::string, std::uint64_t> lost;
    while (!stream_.log.empty() && surplus(stream_.log.front().id) && !pinned(stream_.log.front().id)) {
      if (budget_ == 0) {
        report_.more = true;
        break;
      }
      for (auto& [name, group] : stream_.groups) lost[name] += drop_needed(group, stream_.log.front());
      stream_.log.pop_front();
      ++report_.trimmed;
      --budget_;
    }
    for (const auto& [name, entries] : lost) {
      if (entries > 0) report_.lost.push_back({name, entries});
    }
  }

  void letters() {
    for (auto& [name, group] : stream_.groups) {
      std::uint64_t dropped = 0;
      while (!group.letters.empty() && surplus(group, group.letters.begin()->second)) {
        if (budget_ == 0) {
          report_.more = true;
          break;
        }
        group.letters.erase(group.letters.begin());
        ++dropped;
        --budget_;
      }
      group.dropped_letters += dropped;
      if (dropped > 0) report_.dropped_dead_letters.push_back({name, dropped});
    }
  }

 private:
  [[nodiscard]] bool surplus(EntryId id) const {
    if (retention_.min_id && id < *retention_.min_id) return true;
    const auto bound = retention_.max_length.value_or(retention_.keep);
    return bound != 0 && stream_.log.size() > bound;
  }

  [[nodiscard]] bool surplus(const Group& group, const Letter& letter) const {
    const bool too_many = retention_.dead_letter_cap != 0 && group.letters.size() > retention_.dead_letter_cap;
    const bool too_old =
        retention_.dead_letter_age > broker::Millis::zero() && request_.now - letter.died >= retention_.dead_letter_age;
    return too_many || too_old;
  }

  [[nodiscard]] bool pinned(EntryId id) const {
    return std::any_of(stream_.groups.begin(), stream_.groups.end(), [&](const auto& item) {
      const auto& group = item.second;
      if (!pins(group, retention_, request_.now)) return false;
      const auto lowest = group.lowest_pending();
      return id > group.cursor || (lowest && id >= *lowest);
    });
  }

  /// Takes the entry from a group that still needed it; 1 when that was a loss.
  static std::uint64_t drop_needed(Group& group, const LogEntry& entry) {
    const auto at = group.pending.find({entry.id, false});
    const bool waited = at != group.pending.end();
    const bool unseen = entry.id > group.cursor && group.declares(entry.event->type, entry.id);
    if (waited) group.remove(at);
    group.cursor = std::max(group.cursor, entry.id);
    const std::uint64_t loss = waited || unseen ? 1 : 0;
    group.lost += loss;
    return loss;
  }

  Stream& stream_;
  const broker::Upkeep& request_;
  const Retention& retention_;
  broker::UpkeepReport& report_;
  std::uint64_t budget_;
};

}  // namespace

broker::UpkeepReport upkeep(Stream& stream, const broker::Upkeep& request) {
  broker::UpkeepReport report;
  while (report.promoted < request.slice && !stream.delayed.empty() && stream.delayed.begin()->first <= request.now) {
    auto event = std::move(stream.delayed.begin()->second);
    stream.delayed.erase(stream.delayed.begin());
    const auto seen = stream.seen.find(event.id);
    const auto id = stream.append(std::move(event), request.now);
    if (seen != stream.seen.end() && seen->second.id == EntryId{}) seen->second.id = id;
    ++report.promoted;
  }
  if (!stream.delayed.empty()) report.next_delayed = stream.delayed.begin()->first;
  report.more = report.next_delayed && *report.next_delayed <= request.now;
  if (!request.trim) return report;
  const auto budget = request.slice - report.promoted;
  stream.forget_seen(request.now, budget);
  Trim trim(stream, request, report, budget);
  trim.entries();
  trim.letters();
  return report;
}

}  // namespace collective::memory
