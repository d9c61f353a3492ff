#pragma once

#include <optional>
#include <vector>

#include "broker/contract.hpp"
#include "broker/embedded/environment.hpp"

// Looking for events that may be stored under ids that the store does not remember. That takes reading; most of it is done
// on snapshots, before the writer is asked.
namespace collective::embedded {

/// How far the looking for one event has come.
struct LookedBack {
  std::optional<EntryId> found{};
  EntryId up_to{};            ///< it is in no entry up to this one, as far as those can be read
  std::uint64_t trimmed = 0;  ///< entries of the stream that were trimmed then
  bool unknowable = false;    ///< entries in which it may have been are trimmed, or cannot be read
};

/// For each event of the batch; where nothing is to be looked for, as good as nothing.
std::vector<LookedBack> look_back(Environment& environment, const broker::AppendBatch& batch);

/// Goes on looking for one event, through at most `limit` entries. False when there are more.
bool look_on(const View& view, std::uint32_t stream, const StreamRecord& record, std::string_view event,
             LookedBack& looked, std::size_t limit);

}  // namespace collective::embedded
