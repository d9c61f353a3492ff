#pragma once

#include <string>

#include "broker/admin.hpp"

namespace collective::memory {

/// A new broker that keeps everything in this process: the reference for the others and the store of simulations. It reads no
/// clock and no randomness, answers on the caller's thread before a call returns, and calls watches likewise, outside
/// its lock. Thread-safe.
broker::Store open(const std::string& name);

}  // namespace collective::memory
