#include "broker/embedded/environment.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace collective::embedded {
namespace {

constexpr unsigned reader_slots = 1024;  // processes times threads that read at one moment
constexpr std::size_t smallest_map = std::size_t{1} << 20;

unsigned flags_of(Sync sync) {
  const unsigned always = MDB_NOTLS;  // a read transaction belongs to whoever holds it, not to a thread
  switch (sync) {
    case Sync::commit:
      return always | MDB_NOMETASYNC;
    case Sync::full:
      return always;
    case Sync::none:
      return always | MDB_NOSYNC;
  }
  return always;
}

}  // namespace

Environment::Environment(Directory directory, const Options& options)
    : options_(options),
      path_(directory.path()),
      directory_(std::move(directory)),
      doorbell_(directory_.file(), path_),
      process_(::getpid()) {
  directory_.refuse_second_copy();
  check_data_file(directory_, doorbell_.store_exists());
  try {
    open_files();
    open_trees();
    reap_readers();
  } catch (...) {
    if (env_ != nullptr) close_files();
    throw;
  }
}

Environment::~Environment() {
  if (forked()) return;  // in a forked child the files and locks belong to the parent
  if (options_.sync != Sync::full && !distrusted_) mdb_env_sync(env_, 1);  // too late to tell anyone if it fails
  close_files();
}

void Environment::close_files() {
  for (MDB_txn* const txn : idle_) mdb_txn_abort(txn);
  mdb_env_close(env_);
}

void Environment::open_files() {
  const std::size_t wanted = std::max(options_.map_size, smallest_map);
  map_size_ = wanted;
  int rc = try_open(map_size_);
  while (rc == ENOMEM && map_size_ / 2 >= smallest_map) {
    map_size_ /= 2;
    rc = try_open(map_size_);
  }
  if (rc != 0) throw fault_of(rc, "opening", path_);
  directory_.close_on_exec();
  directory_.remember_data_file();
  MDB_envinfo info{};
  MDB_stat stat{};
  mdb_env_info(env_, &info);
  mdb_env_stat(env_, &stat);
  map_size_ = info.me_mapsize;
  page_size_ = stat.ms_psize;
}

int Environment::try_open(std::size_t map_size) {
  int rc = mdb_env_create(&env_);
  if (rc == 0) rc = mdb_env_set_maxdbs(env_, 4);
  if (rc == 0) rc = mdb_env_set_maxreaders(env_, reader_slots);
  if (rc == 0) rc = mdb_env_set_mapsize(env_, map_size);
  if (rc == 0) rc = mdb_env_open(env_, path_.c_str(), flags_of(options_.sync), 0600);
  if (rc != 0) {
    mdb_env_close(env_);
    env_ = nullptr;
  }
  return rc;
}

/// A handle must come from a committed transaction. An existing store is opened without the writer lock, which a
/// stopped process may hold.
void Environment::open_trees() {
  MDB_txn* txn = nullptr;
  if (const int rc = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn); rc != 0) throw fault_of(rc, "opening", path_);
  int rc = mdb_dbi_open(txn, "log", 0, &trees_.log);
  if (rc == 0) rc = mdb_dbi_open(txn, "state", 0, &trees_.state);
  if (rc != 0 && rc != MDB_NOTFOUND) {
    mdb_txn_abort(txn);
    throw fault_of(rc, "opening", path_);
  }
  mdb_txn_commit(txn);
  if (rc == 0) {
    check_format();
    doorbell_.store_created();  // its creator may have been killed before it said so, or the doorbell deleted
    return;
  }
  WriteTransaction creation(*this);
  rc = mdb_dbi_open(creation.get(), "log", MDB_CREATE, &trees_.log);
  if (rc == 0) rc = mdb_dbi_open(creation.get(), "state", MDB_CREATE, &trees_.state);
  if (rc != 0) throw fault_of(rc, "creating", path_);
  const Key key(Kind::format);
  if (!View(creation.get(), trees_, path_).get(key)) {
    std::string record;
    MDB_val k = to_val(key);
    MDB_val v = to_val(FormatRecord{}.encode(key, record));
    rc = mdb_put(creation.get(), trees_.state, &k, &v, 0);
    if (rc != 0) throw fault_of(rc, "creating", path_);
  }
  creation.commit();
  check_format();
  flush();
  directory_.flush();
  doorbell_.store_created();
}

void Environment::check_format() {
  read([this](const View& view) {
    const auto format = view.load<FormatRecord>(Key(Kind::format));
    if (!format) throw view.corrupt(Key(Kind::format), "it is missing");
    if (format->oldest_reader > layout_version) {
      throw Fault(Errc::incompatible, "embedded store " + path_ + ": it was written by a newer version (layout " +
                                          std::to_string(format->version) + ", this library knows " +
                                          std::to_string(layout_version) +
                                          "); update this program, and leave the store as it is");
    }
  });
}

bool Environment::forked() const {
  return ::getpid() != process_;
}

void Environment::check_not_forked() const {
  if (forked()) {
    throw Fault(Errc::invalid, "embedded store " + path_ +
                                   ": used after fork() by a child process; open it in the child "
                                   "after the fork, in a fresh program (exec)");
  }
}

void Environment::check_usable() const {
  check_not_forked();
  if (distrusted_) {
    const std::lock_guard lock(distrust_mutex_);
    throw Fault(Errc::unavailable, distrust_reason_);
  }
}

void Environment::distrust(const std::string& why) {
  const std::lock_guard lock(distrust_mutex_);
  if (distrusted_) return;
  distrust_reason_ = why;
  distrusted_ = true;
}

void Environment::distrust_disk(const Fault& fault) {
  distrust(std::string(fault.what()) + "; nothing more is written: check the disk, then start this process again");
}

void Environment::check_in_place() {
  try {
    directory_.refuse_removed();
  } catch (const Fault& removed) {
    distrust(removed.what());
    throw;
  }
}

void Environment::flush() {
  const int rc = mdb_env_sync(env_, 1);
  if (rc == 0) return;
  const auto fault = fault_of(rc, "flushing to disk", path_);
  distrust_disk(fault);  // the system may have dropped what it could not write: a later flush would lie
  throw fault;
}

void Environment::reap_readers() {
  int dead = 0;
  if (const int rc = mdb_reader_check(env_, &dead); rc != 0) throw fault_of(rc, "looking for dead readers", path_);
}

std::uint64_t Environment::last_transaction() {
  const std::shared_lock map_lock(map_mutex_);
  MDB_envinfo info{};
  mdb_env_info(env_, &info);
  return info.me_last_txnid;
}

/// Another process made the map larger.
void Environment::follow_growth() {
  const std::unique_lock lock(map_mutex_, std::chrono::seconds(2));
  if (!lock) {
    throw Fault(Errc::unavailable, "embedded store " + path_ +
                                       ": another process enlarged it, and a writer of this process "
                                       "that waits for its turn keeps it from following; try again");
  }
  if (const int rc = mdb_env_set_mapsize(env_, 0); rc != 0) throw fault_of(rc, "following the map's growth", path_);
  MDB_envinfo info{};
  mdb_env_info(env_, &info);
  map_size_ = info.me_mapsize;
}

// --- transactions -----------------------------------------------------------------------------------------------

Environment::ReadTransaction::ReadTransaction(Environment& environment)
    : environment_(environment), map_lock_(environment.map_mutex_) {
  int rc = begin();
  for (int attempt = 0; rc == MDB_MAP_RESIZED && attempt < 8; ++attempt) {
    map_lock_.unlock();
    environment_.follow_growth();
    map_lock_.lock();
    rc = begin();
  }
  if (rc == MDB_READERS_FULL) {
    environment_.reap_readers();
    rc = begin();
  }
  if (rc != 0) throw fault_of(rc, "reading", environment_.path_);
}

int Environment::ReadTransaction::begin() {
  {
    const std::lock_guard lock(environment_.idle_mutex_);
    if (!environment_.idle_.empty()) {
      txn_ = environment_.idle_.back();
      environment_.idle_.pop_back();
    }
  }
  if (txn_ == nullptr) return mdb_txn_begin(environment_.env_, nullptr, MDB_RDONLY, &txn_);
  const int rc = mdb_txn_renew(txn_);
  if (rc != 0) {
    mdb_txn_abort(txn_);
    txn_ = nullptr;
  }
  return rc;
}

Environment::ReadTransaction::~ReadTransaction() {
  if (txn_ == nullptr) return;
  mdb_txn_reset(txn_);
  const std::lock_guard lock(environment_.idle_mutex_);
  environment_.idle_.push_back(txn_);
}

Environment::WriteTransaction::WriteTransaction(Environment& environment)
    : environment_(environment), map_lock_(environment.map_mutex_) {
  int rc = mdb_txn_begin(environment_.env_, nullptr, 0, &txn_);
  for (int attempt = 0; rc == MDB_MAP_RESIZED && attempt < 8; ++attempt) {
    map_lock_.unlock();
    environment_.follow_growth();
    map_lock_.lock();
    rc = mdb_txn_begin(environment_.env_, nullptr, 0, &txn_);
  }
  if (rc == MDB_PANIC) environment_.distrust_disk(fault_of(rc, "an earlier commit", environment_.path_));
  if (rc != 0) throw fault_of(rc, "beginning a transaction", environment_.path_);
}

Environment::WriteTransaction::~WriteTransaction() {
  if (txn_ != nullptr) mdb_txn_abort(txn_);
}

void Environment::WriteTransaction::commit() {
  const int rc = mdb_txn_commit(std::exchange(txn_, nullptr));
  map_lock_.unlock();  // what follows a commit is answers, which run other people's code
  if (rc == 0) return;
  const auto fault = fault_of(rc, "committing", environment_.path_);
  if (fault.code() == Errc::full) throw fault;  // met while writing pages: nothing was published
  environment_.distrust_disk(fault);
  throw Fault(Errc::unknown, fault.what(), rc);
}

// --- room -------------------------------------------------------------------------------------------------------

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
