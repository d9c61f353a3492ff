#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collective/entry_id.hpp"
#include "collective/envelope.hpp"

#include "broker/arena.hpp"
#include "broker/result.hpp"

// The contract between the engine and a store. A broker stores and compares; it decides nothing: it knows no
// event types, JSON, retry policy or metrics. Every call is one atomic step of the store. The meaning of each
// call is fixed by tests/conformance/contract, which runs on every broker.
namespace collective::broker {

using Millis = std::chrono::milliseconds;

struct GroupKey {
  std::string stream{};
  std::string group{};
  friend auto operator<=>(const GroupKey&, const GroupKey&) = default;
};

/// Names one piece of work of a group: an entry of the log, or an entry of the group's side stream (a republished dead
/// letter or a replayed entry, which carries its own copy of the event and a number of the group's counter).
struct WorkId {
  EntryId id{};       ///< log: the entry's id. side: {0, number}
  bool side = false;  ///< side work is outside the stream's order
  friend auto operator<=>(const WorkId&, const WorkId&) = default;
};

/// Proof of ownership: the work and the fencing token it was handed out with. Tokens grow per group and never repeat:
/// those of a group that was destroyed or lost and made again go on above (`first_token`).
struct Ticket {
  WorkId work;
  std::uint64_t token = 0;
  friend auto operator<=>(const Ticket&, const Ticket&) = default;
};

/// What the store remembers of one pending piece of work; all but `route` and `due` are opaque to it.
struct Progress {
  std::uint32_t attempts = 0;    ///< failed attempts so far; set by the engine
  std::uint32_t stalls = 0;      ///< times an owner vanished after the start mark was stored
  std::uint32_t generation = 0;  ///< times it was republished from the dead letters
  bool suspect = false;          ///< an earlier owner vanished holding it: hand it out alone, with a start mark
  bool started = false;          ///< the stored start mark
  Timestamp due{};               ///< not handed out before; epoch: at once
  std::string route{};           ///< who may take it: the event type, or a label the engine chose
  std::string note{};            ///< the engine's attempt history
};

/// A stored entry. Its text lives as long as the `storage` of the answer that carried it.
struct Entry {
  EntryId id{};  ///< of the log; side work and dead letters: of the entry they were
  EnvelopeView event;
  std::string_view defect;  ///< empty, or why it is no readable event; `event.data` then holds the raw bytes
};
using Storage = std::shared_ptr<const void>;

// --- append ---------------------------------------------------------------------------------------------------

struct Append {
  EnvelopeView event{};      ///< without its stream, which is the batch's
  Timestamp not_before{};    ///< epoch: now. Later: parked unseen until `upkeep` runs after that time
  bool deduplicate = false;  ///< the caller chose the event id: within the window an id is stored once
  /// With `deduplicate`: the id may be stored although the store does not remember it, in an entry after this one; look
  /// there too. When entries after it are trimmed, so that nobody can tell, the answer is Errc::unknown and nothing is
  /// stored. Without a value: nowhere.
  std::optional<EntryId> look_back{};
};
/// Events for one stream, stored in this order, all or none. Keeps their text. A copy shares the events, so that it costs
/// nothing: add them before it is made.
struct AppendBatch {
  std::string stream{};
  Timestamp now{};
  std::uint64_t hard_cap = 0;  ///< entries, delayed ones too; 0: none. A batch that would pass it is refused with
                               ///< Errc::full; what is stored already takes no room
  Millis duplicate_window{
      600'000};  ///< how long a chosen event id is remembered; a delayed event's from when it is due

  /// Copies the event's text in. Its text is valid as long as the batch or a copy of it.
  void add(const EnvelopeView& event, Timestamp not_before = {}, bool deduplicate = false,
           std::optional<EntryId> look_back = {}) {
    events_->push_back({event, not_before, deduplicate, look_back});
    auto& own = events_->back().event;
    own.stream = {};
    for (auto* const text : {&own.id, &own.type, &own.correlation_id, &own.user_id, &own.data, &own.metadata})
      *text = text_->copy(*text);
  }
  [[nodiscard]] const std::vector<Append>& events() const { return *events_; }
  /// A batch of `count` of its events from `first` on; it shares their text.
  [[nodiscard]] AppendBatch part(std::size_t first, std::size_t count) const {
    auto part = *this;
    const auto begin = events_->begin() + static_cast<std::ptrdiff_t>(first);
    part.events_ = std::make_shared<std::vector<Append>>(begin, begin + static_cast<std::ptrdiff_t>(count));
    return part;
  }

 private:
  std::shared_ptr<std::vector<Append>> events_ = std::make_shared<std::vector<Append>>();
  std::shared_ptr<Arena> text_ = std::make_shared<Arena>();
};
struct Appended {
  EntryId id{};            ///< {0,0} while the event is delayed
  bool duplicate = false;  ///< the id was stored before; `id` is that entry's
};

// --- groups ---------------------------------------------------------------------------------------------------

struct Start {
  enum class At : std::uint8_t { earliest, latest, after } at = At::earliest;
  EntryId after{};
};
/// Creates the group when absent, adds the routes it did not declare yet (they count from now on; in a new group
/// from its start), and registers or renews the member. Idempotent.
struct Join {
  GroupKey key{};
  std::string member{};  ///< name~incarnation
  std::vector<std::string> routes{};
  Start start{};
  Timestamp now{};
  Millis lease{30'000};
  std::vector<std::string> labels{};  ///< what it takes beside its routes; not declared. Tells what is unowned
};

struct Settlement {
  enum class Verdict : std::uint8_t {
    acknowledge,  ///< done. Counts as long as the work is pending, whoever holds it; in an ordered exchange only by token
    park,         ///< back to the group with `progress`; anyone with its route may take it when due
    hold,  ///< store `progress` and keep it (ordered groups; start marks); stale when it counts less than is stored
    dead_letter,  ///< to the group's dead letters with `progress` and `reason`, in the same step
    release,      ///< back to the group as it was, not charged: it was never started
    extend,       ///< the delivery's own deadline becomes `progress.due`
  };
  Ticket ticket{};
  Verdict verdict = Verdict::acknowledge;
  Progress progress{};
  std::string reason{};
};
enum class Settled : std::uint8_t {
  done,
  stale,    ///< pending, but with another token or owner: nothing changed
  gone,     ///< not pending (acknowledged or dead-lettered before): nothing changed
  no_room,  ///< the store is too full for this dead letter: nothing changed
};

/// Settles, renews and fetches for one member, in that order and in one step. Before fetching, other members whose
/// lease ended are reaped: they are unlisted and what they hold is parked, due at once, suspect; work with a start
/// mark loses it and has one more stall. Work with a deadline of its own (`visibility`) is not touched by its member's
/// end and is treated the same way when that deadline passes.
///
/// Handed out are, of the routes asked for: parked work that is due (at most half of `max_entries` while there are new
/// entries, so that recovery never starves new work; earliest due first), then entries after the cursor, a running
/// replay included. Passing an entry whose type the group does not declare, or declared after it, settles it as skipped;
/// one declared but not asked for is parked, due at once, for the members that take it. The route "*" takes and declares
/// every type; an entry with a defect is taken by any member. Asked for, or as a label, "X/*" takes every route that
/// begins with "X/"; "!Y" takes from all others what Y would take.
///
/// Ordered: the first live member to ask holds the group's lane until it leaves or its lease ends; only it is handed
/// anything. It gets what is pending and not its own in the order of ids, due or not (the engine waits), a suspect only
/// as the first and only one of an answer, and new entries only when no other pending work of the log is left. Side
/// work keeps to the unordered rules.
struct Exchange {
  GroupKey key{};
  std::string member{};
  Timestamp now{};
  Millis lease{30'000};  ///< renews the member until now + lease; zero: not renewed
  std::vector<Settlement> settlements{};
  std::uint32_t max_entries = 0;      ///< how many to hand out; 0: none
  std::uint32_t max_suspects = 1;     ///< of them suspects (each is handed out with its start mark stored)
  std::size_t max_bytes = 8u << 20;   ///< soft: at least one entry is handed out
  std::vector<std::string> routes{};  ///< what this member takes
  Millis visibility{0};               ///< non-zero: each delivery expires by itself after this (pull API)
  bool ordered = false;               ///< take or keep the group's lane; without it nothing is handed out
  bool recover = false;               ///< also hand out what this member owns and is not in `known`
  std::vector<Ticket> known{};        ///< with `recover`: what the member knows it holds
};
struct Delivered {
  Ticket ticket{};
  Entry entry{};
  Progress progress{};
};
struct Exchanged {
  std::vector<Settled> settled{};  ///< one per settlement
  std::vector<Delivered> deliveries{};
  bool more = false;         ///< more could be handed out now
  bool member_lost = false;  ///< the member was unknown or expired: all it held is handed to others; join again
  bool group_lost = false;   ///< with `member_lost`: the store knows no such group
  std::optional<Timestamp>
      due{};          ///< when the next parked work of these routes becomes due, or a delivery's own deadline ends
  bool lane = false;  ///< ordered: this member holds the lane
  std::uint64_t epoch = 0;               ///< ordered: the lane's epoch; grows whenever the lane changes hands
  std::optional<Timestamp> lane_free{};  ///< ordered, not held: when the holder's lease ends
  EntryId position{};  ///< the group is done with all entries up to it: just before its first pending one, else its
                       ///< cursor. A group that the store loses is made again after it. Zero with `member_lost`
  Storage storage{};
};

// --- reading and upkeep -----------------------------------------------------------------------------------------

struct Read {
  std::string stream{};
  EntryId after{};                 ///< exclusive; {0,0}: from the first retained
  EntryId until = EntryId::max();  ///< inclusive
  std::size_t limit = 1000;
  std::size_t max_bytes = 8u << 20;
  bool backwards = false;  ///< newest first, from `until` down to `after`
};
struct Page {
  std::vector<Entry> entries{};
  EntryId last{};  ///< the stream's last id ever given, also when nothing is retained
  Storage storage{};
};

/// What a stream keeps. The zero of each bound means "no such bound".
struct Retention {
  std::uint64_t keep = 100'000;               ///< newest entries kept although every group is done with them
  std::optional<std::uint64_t> max_length{};  ///< when set, replaces `keep`
  std::optional<EntryId> min_id{};            ///< entries below go, whatever their number
  bool force = false;                         ///< also drop what a group still needs; each loss is counted and listed
  Millis idle_group{7LL * 24 * 3'600'000};    ///< a group without members for so long stops pinning the stream
  std::uint64_t dead_letter_cap = 100'000;    ///< per group; the oldest go first, counted
  Millis dead_letter_age{0};                  ///< 0: kept
};
struct Upkeep {
  std::string stream{};
  Timestamp now{};
  Retention retention{};
  std::uint32_t slice = 10'000;  ///< most entries touched in one step
  bool trim = false;             ///< false: only promotes what was delayed and is due
};
struct GroupLoss {
  std::string group{};
  std::uint64_t entries = 0;
};
struct UpkeepReport {
  std::uint64_t promoted = 0;               ///< delayed events that became visible
  std::optional<Timestamp> next_delayed{};  ///< when the next delayed event is due
  std::uint64_t trimmed = 0;
  std::vector<GroupLoss> lost{};  ///< needed by a group and dropped (force, or the group was idle)
  std::vector<GroupLoss> dropped_dead_letters{};
  bool more = false;  ///< the slice was used up
};

template <class T>
using Reply = std::function<void(Result<T>)>;

/// Thread-safe. A reply may run on the caller's thread before the call returns, or on a broker's thread; it must not
/// block. Each reply runs exactly once. An error reply carries Errc::unknown when the step may have been applied, or may
/// still be; then it is before any step that anybody begins after the reply. With any other code it was not.
class Broker {
 public:
  virtual ~Broker() = default;

  virtual void append(AppendBatch, Reply<std::vector<Appended>>) = 0;
  virtual void join(Join, Reply<EntryId>) = 0;  ///< the group's cursor
  virtual void exchange(Exchange, Reply<Exchanged>) = 0;
  virtual void leave(GroupKey, std::string member, Timestamp now,
                     Reply<bool>) = 0;  ///< hands everything back, uncharged
  virtual void read(Read, Reply<Page>) = 0;
  virtual void upkeep(Upkeep, Reply<UpkeepReport>) = 0;

  /// Calls `news` whenever the stream may have something new to read, fetch or promote, from any process: also when work
  /// that was in a lane holder's way is settled by another member. Spurious
  /// calls are allowed; a call is late, but not missed, when the process that stored it was killed at that moment. The watch ends when
  /// the handle is destroyed; a call may still be running.
  using Watch = std::shared_ptr<void>;
  virtual Watch watch(const std::string& stream, std::function<void()> news) = 0;

  /// Answers everything still waiting (as unknown where it may be applied) and returns by the deadline. Later calls are
  /// answered too: with Errc::not_connected, unless the store is shared within the process and others still use it.
  virtual void close(std::chrono::steady_clock::time_point deadline) = 0;
};

}  // namespace collective::broker
