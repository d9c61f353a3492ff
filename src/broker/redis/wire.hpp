#pragma once

#include <string>
#include <string_view>

#include "broker/contract.hpp"
#include "broker/redis/reply.hpp"
#include "broker/redis/request.hpp"

// Events and works as they stand on Redis: docs/formats/redis.md.
namespace collective::redis {

/// Adds an event's fields, but for the stream: id, type, version, timestamp, correlation, user, data, metadata.
void add_event(Request& request, const EnvelopeView& event);

/// The event of an entry's fields, whoever wrote them: in any order, unknown ones ignored, optional ones missing. What
/// is no event becomes an entry with a defect and its fields as data. The text lives in `answer`.
broker::Entry entry_of(Answer& answer, EntryId id, std::span<const Reply> fields, std::string_view stream);

EntryId id_of(std::string_view text);

/// A work's name in the keys of a group, and back.
std::string name_of(const broker::WorkId& work);
broker::WorkId work_of(std::string_view name);

}  // namespace collective::redis
