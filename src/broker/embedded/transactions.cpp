#include "broker/embedded/environment.hpp"

// The transactions of an environment, and how they follow a map that another process enlarged.
namespace collective::embedded {

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

}  // namespace collective::embedded
