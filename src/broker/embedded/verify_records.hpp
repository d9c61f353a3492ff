#pragma once

#include <string>
#include <vector>

#include "broker/embedded/view.hpp"

namespace collective::embedded {

/// Reads every record of the state tree by itself, and follows each index to what it points at. Returns what is wrong, in
/// words that name the record. Whether the records agree in what they count is `verify`'s.
std::vector<std::string> verify_records(const View& view);

}  // namespace collective::embedded
