#pragma once

#include "broker/contract.hpp"
#include "broker/embedded/unit.hpp"

namespace collective::embedded {

/// Makes delayed events visible, and trims what no group needs any more: one slice of it.
broker::Result<broker::UpkeepReport> upkeep(Unit& unit, const broker::Upkeep& request);

}  // namespace collective::embedded
