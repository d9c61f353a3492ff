#pragma once

#include "broker/memory/state.hpp"

namespace collective::memory {

/// Stores the batch's events in the stream, all or none. A stream that does not exist is one without anything in it.
broker::Result<std::vector<broker::Appended>> append(Stream& stream, const broker::AppendBatch& batch);

}  // namespace collective::memory
