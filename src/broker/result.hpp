#pragma once

#include <string>

#include <boost/system/result.hpp>

#include "collective/error.hpp"

namespace collective::broker {

/// Why a step failed. `code` says whether it may have been applied: only Errc::unknown may.
struct Failure {
  Errc code = Errc::internal;
  std::string message;
};

[[noreturn]] inline void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
  throw Error(failure.code, failure.message);
}

/// A value, or a Failure. `value()` throws the Failure as collective::Error.
template <class T>
using Result = boost::system::result<T, Failure>;

}  // namespace collective::broker
