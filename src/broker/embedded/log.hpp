#pragma once

#include "broker/contract.hpp"
#include "broker/embedded/look_back.hpp"
#include "broker/embedded/unit.hpp"

// Streams: storing events and reading them back.
namespace collective::embedded {

/// `looked`: how far each event was looked for already; it is looked for up to the end.
broker::Result<std::vector<broker::Appended>> append(Unit& unit, const broker::AppendBatch& batch,
                                                     std::vector<LookedBack> looked = {});
broker::Page read(const View& view, const broker::Read& request);

/// Adds one entry to the log; returns its id.
EntryId add_entry(Unit& unit, StreamState& stream, const EnvelopeView& event, Timestamp now);
/// Moves delayed events that are due into the log, at most `limit`.
std::uint64_t promote(Unit& unit, StreamState& stream, Timestamp now, std::uint32_t limit);
std::optional<Timestamp> next_delayed(const View& view, std::uint32_t stream);
/// Drops remembered event ids whose window is over, at most `limit`.
void forget_seen(Unit& unit, std::uint32_t stream, Timestamp now, std::uint32_t limit);

/// Copies a stored entry into the arena. One that cannot be read comes back with its `defect` and raw bytes.
/// `stream` must live as long as the arena.
broker::Entry take_entry(std::string_view key, std::string_view record, std::string_view stream, broker::Arena& arena);

/// The ordinal of the first entry after `id`; one past the last when there is none.
std::uint64_t first_ordinal_after(const View& view, std::uint32_t stream, const StreamRecord& record, EntryId id);

constexpr EntryId next_after(EntryId id) {
  return id.seq == EntryId::max().seq ? EntryId{id.ms + 1, 0} : EntryId{id.ms, id.seq + 1};
}

}  // namespace collective::embedded
