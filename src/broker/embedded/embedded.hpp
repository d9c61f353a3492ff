#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "broker/admin.hpp"

// The embedded store: an LMDB environment in a directory that several processes may share without a server.
// How it is laid out: docs/formats/embedded.md. Why it is so: docs/adr.
namespace collective::embedded {

/// What a returned publish survives.
enum class Sync : std::uint8_t {
  commit,  ///< every commit's data is flushed; an operating-system crash may undo the last 10 ms, and damages nothing
  full,    ///< every commit is flushed whole
  none,    ///< nothing is flushed: survives a killed process, but an operating-system crash may destroy the store
};

struct Options {
  std::string path;  ///< a directory; created (0700) when absent
  Sync sync = Sync::commit;

  /// The most the store may grow to, in bytes. Address space only: the file is as large as what it holds. Halved until
  /// it fits when the address space is limited.
  std::size_t map_size = std::size_t{1} << 40;

  /// How long a writer may step back after a commit to let another waiting process have its turn.
  broker::Millis linger{1};

  /// How long `open` may take: another process may be stopped while it creates the store. Then Errc::unavailable.
  broker::Millis open_timeout{5'000};

  /// How long a step may wait for the store's one writer. Then it ends: Errc::unavailable when it was not begun,
  /// Errc::unknown when it was.
  broker::Millis write_timeout{10'000};
};

/// Opens the store, creating it when absent. A process has each directory open once; further calls share it.
///
/// @throws Error  Errc::invalid, permission, corrupt (truncated or damaged file), incompatible (written by a newer
///                version), conflict (open in this process by other means or with another `sync`), unavailable
broker::Store open(const Options& options);

/// Reads every record of the store and checks that they agree. Returns what is wrong, in words; empty when it is sound.
/// Costs one reading of the whole store; others may go on using it.
std::vector<std::string> check(const Options& options);

}  // namespace collective::embedded
