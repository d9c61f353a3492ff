#pragma once

#include <string>
#include <vector>

#include "broker/embedded/view.hpp"

namespace collective::embedded {

/// Reads every record and checks that they agree with each other. Returns what is wrong, in words.
std::vector<std::string> verify(const View& view);

}  // namespace collective::embedded
