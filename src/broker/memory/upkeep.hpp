#pragma once

#include "broker/memory/state.hpp"

namespace collective::memory {

broker::UpkeepReport upkeep(Stream& stream, const broker::Upkeep& request);

}  // namespace collective::memory
