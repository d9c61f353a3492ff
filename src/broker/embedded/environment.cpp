#include "broker/embedded/environment.hpp"

#include <algorithm>
#include <cerrno>

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

Environment::Usage Environment::usage() const {
  const std::shared_lock map_lock(map_mutex_);
  MDB_envinfo info{};
  mdb_env_info(env_, &info);
  return {(info.me_last_pgno + 1) * page_size_, info.me_mapsize};
}

}  // namespace collective::embedded
