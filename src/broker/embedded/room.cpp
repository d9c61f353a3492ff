#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>

#include "broker/embedded/environment.hpp"

// How much an environment may still store.
namespace collective::embedded {

std::size_t Environment::room(std::size_t wanted, std::size_t reserve) {
  MDB_envinfo info{};
  mdb_env_info(env_, &info);
  const std::size_t used = (info.me_last_pgno + 1) * page_size_;
  const std::size_t needed = used + wanted + reserve;
  if (needed > allocated_ && needed <= map_size_) {
    const std::size_t ahead = std::clamp(used / 8, std::size_t{1} << 20, std::size_t{64} << 20);
    if (!allocate(std::min(needed + ahead, map_size_))) allocate(needed);
  }
  const std::size_t limit = std::min(map_size_, std::max(allocated_, used));
  const std::size_t fresh = limit > used + reserve ? limit - used - reserve : 0;
  if (fresh >= wanted) return fresh;
  const std::size_t free = free_pages() * page_size_ / 2;  // some of it is in use by readers, some is scattered
  return fresh + (free > reserve ? free - reserve : 0);
}

/// Gives the file disk space up to `size`. False when the disk is full.
bool Environment::allocate(std::size_t size) {
  int file = -1;
  mdb_env_get_fd(env_, &file);
  const int cause = ::fallocate(file, 0, 0, static_cast<off_t>(size)) == 0 ? 0 : errno;
  if (cause == 0 || cause == EOPNOTSUPP || cause == ENOSYS) {
    allocated_ = size;
    return true;
  }
  struct stat info{};
  if (::fstat(file, &info) == 0) allocated_ = std::max(allocated_, static_cast<std::size_t>(info.st_size));
  return false;
}

/// As of the last commit: LMDB shows its free tree only to read transactions.
std::size_t Environment::free_pages() {
  constexpr MDB_dbi free_tree = 0;
  MDB_txn* snapshot = nullptr;  // no ReadTransaction: the caller's write transaction already holds the map's lock
  if (mdb_txn_begin(env_, nullptr, MDB_RDONLY, &snapshot) != 0) return 0;
  MDB_cursor* cursor = nullptr;
  std::size_t pages = 0;
  if (mdb_cursor_open(snapshot, free_tree, &cursor) != 0) {
    mdb_txn_abort(snapshot);
    return 0;
  }
  MDB_val key{};
  MDB_val list{};
  while (mdb_cursor_get(cursor, &key, &list, MDB_NEXT) == 0) {  // counted lists of page numbers
    std::size_t count = 0;
    if (list.mv_size >= sizeof count) std::memcpy(&count, list.mv_data, sizeof count);
    pages += count;
  }
  mdb_cursor_close(cursor);
  mdb_txn_abort(snapshot);
  return pages;
}

}  // namespace collective::embedded
