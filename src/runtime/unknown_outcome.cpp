#include "runtime/unknown_outcome.hpp"

#include "collective/ulid.hpp"

#include "event/given_id.hpp"

namespace collective::runtime {
namespace {

// Between the clock of whoever made the id and the one by which entries are numbered.
constexpr auto skew = std::chrono::seconds(10);

}  // namespace

std::optional<EntryId> look_back_for(std::string_view event_id, std::string_view stream) {
  if (!event::is_given_id(event_id, stream)) return std::nullopt;
  return EntryId::at(*ulid_time(event_id) - skew);
}

std::string undelivered(const broker::Failure& failure, const std::string& event_id, bool repeated) {
  if (failure.code != Errc::unknown) return failure.message;
  if (repeated) return failure.message + "; the outcome of event " + event_id + " is still unknown";
  return failure.message + "; publish event " + event_id + " again with the same event_id and it is stored once";
}

std::string undelivered(const broker::Failure& failure, const std::vector<Published>& events, bool repeated) {
  if (failure.code != Errc::unknown || events.size() == 1)
    return undelivered(failure, events.front().event_id, repeated);
  std::string ids;
  for (const auto& event : events) ids += (ids.empty() ? "" : ", ") + event.event_id;
  return failure.message + "; publish the events again, each with its own event_id, and each is stored once: " + ids;
}

}  // namespace collective::runtime
