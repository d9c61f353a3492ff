#pragma once

#include <string>
#include <string_view>

#include "broker/result.hpp"

namespace collective::redis {

/// What an error answer of the server means. `to` names what the call was for.
broker::Failure failure_of(std::string_view error, const std::string& to);

}  // namespace collective::redis
