#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "broker/embedded/unit.hpp"

namespace collective::embedded {

using broker::Progress;
using broker::WorkId;

/// Pending work as found in the store.
struct Found {
  enum class Place : std::uint8_t { run, held, parked } place = Place::run;
  std::uint64_t token = 0;
  std::string member;
  Timestamp deadline{};
  std::optional<Progress> progress;  ///< nothing while in a run: it is the one an untouched entry has
};

/// The pending work of one group during one step: finds it, and moves it between its places. Every piece is in exactly
/// one: in a run (fresh entries handed out together), held or parked. Call `finish` at the end of the step.
class Work {
 public:
  Work(Unit& unit, GroupState& group) : unit_(unit), group_(group) {}

  std::optional<Found> find(const WorkId& work);
  Progress progress_of(const WorkId& work, const Found& found) const;

  void remove(const WorkId& work, const Found& found);  ///< done with it; a side copy goes along
  void park(const WorkId& work, const Found& found, Progress progress);
  void hold(const WorkId& work, const Found& found, Pending pending);
  /// The owner vanished: parked, due at once, suspect; a start mark becomes a stall.
  void orphan(const WorkId& work, const Found& found);
  [[nodiscard]] bool bury(const WorkId& work, const Found& found, Progress progress, std::string_view reason,
                          Timestamp now);

  void hold_new(const WorkId& work, const Pending& pending);  ///< what was not pending before
  void park_new(const WorkId& work, const Pending& pending);
  void add_run(Run run);  ///< non-empty, in the order of ids

  /// Everything the member owns, in the order of ids.
  std::vector<WorkId> owned_by(const std::string& member);
  /// True when another member holds work of the log with one of these routes.
  bool held_by_others(const std::string& member, const std::vector<std::string>& routes);
  /// Everything whose own deadline has passed.
  std::vector<WorkId> expired(Timestamp now);

  void finish() { flush_run(); }

 private:
  struct Loaded {
    EntryId first{};
    Run run;
    bool changed = false;
  };
  bool load_run(EntryId id);
  std::size_t index_in_run(EntryId id) const;
  void flush_run();
  template <class Visit>
  void each_run(Visit visit);
  template <class Visit>
  void each_held(Visit visit);
  void take_out(const WorkId& work, const Found& found);
  [[nodiscard]] Key ready_key(const WorkId& work, const Progress& progress) const;
  [[nodiscard]] Key deadline_key(Timestamp deadline, bool is_run, const WorkId& work) const;

  Unit& unit_;
  GroupState& group_;
  std::optional<Loaded> loaded_;  ///< the run used last; settling comes in runs
};

/// Copies the event behind a piece of work into the arena; nothing when its entry is gone.
/// `stream`: its name; must live as long as the arena.
std::optional<broker::Entry> load_event(const View& view, const GroupState& group, const WorkId& work,
                                        broker::Arena& arena, std::string_view stream);

/// The first pending entry of the log; what a group still needs begins there or after its cursor.
std::optional<EntryId> lowest_pending(const View& view, std::uint32_t group);

/// The route an entry of the log has before anyone gave it another: its type, or "" when it cannot be read.
std::string route_of(const View& view, std::uint32_t stream, EntryId id);

}  // namespace collective::embedded
