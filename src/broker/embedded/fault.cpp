#include "broker/embedded/fault.hpp"

#include <cerrno>

#include <lmdb.h>
#include <unistd.h>

namespace collective::embedded {
namespace {

struct Meaning {
  Errc code;
  std::string fix;
};

Meaning meaning_of(int cause) {
  switch (cause) {
    case MDB_MAP_FULL:
      return {Errc::full, "trim streams, discard dead letters, or open it with a larger map_size"};
    case ENOSPC:
    case EDQUOT:
      return {Errc::full, "free space on the disk, or move the store to a larger one"};
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_BAD_VALSIZE:
      return {Errc::corrupt, "stop every process that uses it, and restore the directory from a backup"};
    case MDB_VERSION_MISMATCH:
      return {Errc::incompatible, "open it with the version of this library that wrote it"};
    case MDB_READERS_FULL:
      return {Errc::unavailable, "fewer threads and processes may read it at once; try again"};
    case EACCES:
    case EPERM:
    case EROFS:
      return {Errc::permission, "let user " + std::to_string(::geteuid()) + " write to the directory and its files"};
    case ENOMEM:
      return {Errc::unavailable, "allow more memory or address space, or open it with a smaller map_size"};
    case EMFILE:
    case ENFILE:
      return {Errc::unavailable, "raise the limit of open files"};
    case EIO:
    case MDB_PANIC:
      return {Errc::unavailable, "check the disk, then open the store again"};
    default:
      return {Errc::internal, "report it with this message"};
  }
}

}  // namespace

Fault fault_of(int cause, const std::string& doing, const std::string& path) {
  auto meaning = meaning_of(cause);
  return {meaning.code,
          "embedded store " + path + ": " + doing + " failed: " + mdb_strerror(cause) + "; " + meaning.fix, cause};
}

}  // namespace collective::embedded
