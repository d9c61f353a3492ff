#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "broker/embedded/directory.hpp"
#include "broker/embedded/doorbell.hpp"
#include "broker/embedded/embedded.hpp"
#include "broker/embedded/view.hpp"

namespace collective::embedded {

/// One opened LMDB environment: its files, its map, its transactions. Knows nothing of what is stored.
///
/// Threads: reads from any; `write` from one thread at a time.
class Environment {
 public:
  Environment(Directory directory, const Options& options);  ///< throws Fault
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  /// Runs `look(const View&)` on a snapshot and closes it at once. Throws Fault.
  template <class Look>
  auto read(Look&& look) {
    const ReadTransaction snapshot(*this);
    return look(View(snapshot.get(), trees_, path_));
  }

  /// A write transaction. Rolled back unless committed. Its beginning may wait for another process.
  class WriteTransaction {
   public:
    explicit WriteTransaction(Environment& environment);
    ~WriteTransaction();
    WriteTransaction(const WriteTransaction&) = delete;
    WriteTransaction& operator=(const WriteTransaction&) = delete;
    [[nodiscard]] MDB_txn* get() const { return txn_; }
    [[nodiscard]] Environment& environment() const { return environment_; }
    [[nodiscard]] std::uint64_t number() const { return mdb_txn_id(txn_); }
    void commit();  ///< throws Fault; Errc::unknown when it may have been applied

   private:
    Environment& environment_;
    std::shared_lock<std::shared_timed_mutex> map_lock_;
    MDB_txn* txn_ = nullptr;
  };

  void flush();                   ///< what the last commits left to the operating system; throws Fault
  void reap_readers();            ///< frees what killed processes were reading
  void check_usable() const;      ///< throws Fault after a failed flush, or in a forked child
  void check_in_place();          ///< throws Fault, as does `check_usable` from then on, once the store was removed
  void check_not_forked() const;  ///< throws Fault in a forked child
  [[nodiscard]] bool forked() const;
  [[nodiscard]] std::uint64_t last_transaction();  ///< the number of the last one that was committed, by any process

  /// Bytes that may still be written without using the reserve that acknowledgements and deletions need on a full disk
  /// or map. Grows the file ahead of use, so that a full disk shows here and not inside a commit.
  [[nodiscard]] std::size_t room(std::size_t wanted) { return room(wanted, reserve()); }
  /// The same, with another reserve.
  [[nodiscard]] std::size_t room(std::size_t wanted, std::size_t reserve);
  [[nodiscard]] std::size_t reserve() const { return std::min(std::size_t{1} << 20, map_size_ / 8); }

  struct Usage {
    std::size_t used = 0;   ///< bytes of the file that were ever used
    std::size_t limit = 0;  ///< bytes it may grow to
  };
  [[nodiscard]] Usage usage() const;

  [[nodiscard]] Trees trees() const { return trees_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Doorbell& doorbell() { return doorbell_; }
  [[nodiscard]] const Options& options() const { return options_; }
  /// Expires once the files are closed, which is a little after the last owner let go.
  [[nodiscard]] std::weak_ptr<const void> presence() const { return presence_; }

 private:
  class ReadTransaction {
   public:
    explicit ReadTransaction(Environment& environment);
    ~ReadTransaction();
    ReadTransaction(const ReadTransaction&) = delete;
    ReadTransaction& operator=(const ReadTransaction&) = delete;
    [[nodiscard]] MDB_txn* get() const { return txn_; }

   private:
    int begin();
    Environment& environment_;
    std::shared_lock<std::shared_timed_mutex> map_lock_;
    MDB_txn* txn_ = nullptr;
  };

  void open_files();
  void close_files();
  int try_open(std::size_t map_size);
  void open_trees();
  void check_format();
  void follow_growth();
  void distrust(const std::string& why);
  void distrust_disk(const Fault& fault);
  bool allocate(std::size_t size);
  [[nodiscard]] std::size_t free_pages();

  std::shared_ptr<const void> presence_ = std::make_shared<char>();
  Options options_;
  std::string path_;
  Directory directory_;
  Doorbell doorbell_;
  MDB_env* env_ = nullptr;
  Trees trees_;
  const int process_;
  std::size_t page_size_ = 4096;
  std::size_t map_size_ = 0;
  std::size_t allocated_ = 0;  ///< bytes of the file that surely have disk space; only the writer uses it
  mutable std::shared_timed_mutex map_mutex_;  ///< shared: a transaction runs. Exclusive: the map is being changed
  std::mutex idle_mutex_;
  std::vector<MDB_txn*> idle_;  ///< reset read transactions, to be renewed; guarded by idle_mutex_
  std::atomic<bool> distrusted_{false};
  mutable std::mutex distrust_mutex_;
  std::string distrust_reason_;  ///< guarded by distrust_mutex_
};

}  // namespace collective::embedded
