#pragma once

#include <vector>

#include "collective/finding.hpp"

#include "broker/embedded/environment.hpp"

namespace collective::embedded {

/// What is unsafe about a store: its durability, who may write to it, how much room is left.
std::vector<Finding> diagnose(Environment& environment);

}  // namespace collective::embedded
