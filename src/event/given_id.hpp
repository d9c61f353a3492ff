#pragma once

#include <string>
#include <string_view>

#include "collective/ulid.hpp"

namespace collective::event {

/// The id of an event whose publisher chose none: a ULID whose characters 11 to 15 are a mark made of the stream's name. Ids
/// of one generator grow strictly.
///
/// No store remembers such an id, which would cost every publish. The mark tells, without asking the store, that an event
/// published to the stream under a chosen id was published there before, and is to be looked for. The same id on another
/// stream, where an event may be copied to, is as good as any.
[[nodiscard]] std::string given_id(UlidGenerator& ids, std::string_view stream);

/// Of the ids that others make, one in 33 million looks so: that one is looked for in vain.
[[nodiscard]] bool is_given_id(std::string_view id, std::string_view stream) noexcept;

}  // namespace collective::event
