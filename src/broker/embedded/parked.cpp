#include <algorithm>

#include "broker/embedded/exchange.hpp"
#include "broker/rules.hpp"

// The index of parked work: group, suspect, route, due, id, side.
namespace collective::embedded {
namespace {

constexpr std::size_t after_group = 5;

struct Section {
  std::string prefix;  ///< of one route, suspects apart
  std::string route;
  bool suspect = false;
};

/// The routes that have parked work. There are few; each costs one step through the index.
std::vector<Section> sections(const View& view, std::uint32_t group) {
  std::vector<Section> found;
  const auto prefix = Key(Kind::ready).u32(group);
  auto cursor = view.state();
  bool more = cursor.seek(prefix, prefix);
  while (more) {
    KeyReader fields(cursor.key().substr(after_group));
    Section section;
    section.suspect = fields.byte() != 0;
    section.route = fields.counted();
    section.prefix = cursor.key().substr(0, after_group + 2 + section.route.size());
    const auto behind = section.prefix + std::string(25, '\xff');
    found.push_back(std::move(section));
    more = cursor.seek(behind, prefix);
  }
  return found;
}

struct Gathering {
  Candidates& into;
  Timestamp now{};
  bool side_only = false;

  /// Takes up to `limit` of a section's due work, and notes when its next becomes due.
  void gather(Cursor& cursor, const Section& section, std::size_t limit) {
    const std::string_view prefix = section.prefix;
    bool more = cursor.seek(prefix, prefix);
    for (std::size_t taken = 0; more && taken < limit; more = cursor.next(prefix)) {
      const auto candidate = at(cursor, section);
      if (candidate.due > now) break;
      if (side_only && !candidate.work.side) continue;
      into.due.push_back(candidate);
      ++taken;
    }
    if (!more) return;
    if (at(cursor, section).due <= now) more = cursor.seek(section.prefix + later(), prefix);
    for (; more && side_only && !at(cursor, section).work.side; more = cursor.next(prefix)) {
    }
    if (more) into.next = std::min(into.next.value_or(Timestamp::max()), at(cursor, section).due);
  }

 private:
  static Candidate at(const Cursor& cursor, const Section& section) {
    KeyReader fields(cursor.key().substr(section.prefix.size()));
    Candidate candidate;
    candidate.due = fields.time();
    candidate.work.id = fields.id();
    candidate.work.side = fields.byte() != 0;
    candidate.suspect = section.suspect;
    return candidate;
  }
  /// The time field of the first key that is not due.
  [[nodiscard]] std::string later() const {
    return std::string(Key(Kind::ready).time(now + broker::Millis(1)).view().substr(1));
  }
};

}  // namespace

Candidates parked_work(const View& view, std::uint32_t group, const std::vector<std::string>& routes, Timestamp now,
                       std::size_t limit, std::size_t suspects, bool side_only) {
  Candidates result;
  Gathering gathering{result, now, side_only};
  auto cursor = view.state();
  for (const auto& section : sections(view, group)) {
    if (broker::takes(routes, section.route))
      gathering.gather(cursor, section, section.suspect ? std::min(limit, suspects) : limit);
  }
  std::sort(result.due.begin(), result.due.end());
  return result;
}

}  // namespace collective::embedded
