#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <lmdb.h>

#include "broker/embedded/codec.hpp"
#include "broker/embedded/fault.hpp"
#include "broker/embedded/keys.hpp"
#include "broker/embedded/records.hpp"

namespace collective::embedded {

/// The two trees of the store: the events of all streams, and everything else.
struct Trees {
  MDB_dbi log = 0;
  MDB_dbi state = 0;
};

/// Walks a tree in the order of its keys. What it shows is valid until its transaction writes or ends.
class Cursor {
 public:
  Cursor(MDB_txn* txn, MDB_dbi tree, const std::string& path);
  ~Cursor() { mdb_cursor_close(cursor_); }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  bool seek(std::string_view key) { return move(MDB_SET_RANGE, key); }  ///< to the first key not below
  bool seek_before(std::string_view key);                               ///< to the last key below
  bool next() { return move(MDB_NEXT, {}); }
  bool previous() { return move(MDB_PREV, {}); }
  bool last() { return move(MDB_LAST, {}); }
  /// Like seek and next, but only to keys that start so.
  bool seek(std::string_view key, std::string_view prefix) { return seek(key) && key_.starts_with(prefix); }
  bool next(std::string_view prefix) { return next() && key_.starts_with(prefix); }

  [[nodiscard]] std::string_view key() const { return key_; }
  [[nodiscard]] std::string_view value() const { return value_; }

  void put(std::string_view key, std::string_view value);
  void erase();  ///< the entry it stands on; next() then shows the one behind it

 private:
  bool move(MDB_cursor_op op, std::string_view key);

  const std::string& path_;
  MDB_cursor* cursor_ = nullptr;
  std::string_view key_;
  std::string_view value_;
};

/// One transaction's sight of the store.
class View {
 public:
  View(MDB_txn* txn, Trees trees, const std::string& path) : txn_(txn), trees_(trees), path_(path) {}

  [[nodiscard]] Cursor log() const { return {txn_, trees_.log, path_}; }
  [[nodiscard]] Cursor state() const { return {txn_, trees_.state, path_}; }
  [[nodiscard]] std::optional<std::string_view> get(std::string_view key) const { return find(trees_.state, key); }
  [[nodiscard]] std::optional<std::string_view> get_log(std::string_view key) const { return find(trees_.log, key); }
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Reads a state record. Throws Errc::corrupt naming it when its bytes fail their check.
  template <class Record>
  [[nodiscard]] std::optional<Record> load(std::string_view key) const {
    const auto record = get(key);
    if (!record) return std::nullopt;
    return decoded(key, [&] { return Record::decode(key, *record); });
  }
  template <class Decode>
  auto decoded(std::string_view key, Decode decode) const {
    try {
      return decode();
    } catch (const BadRecord& bad) {
      throw corrupt(key, bad.what());
    }
  }
  [[nodiscard]] Fault corrupt(std::string_view key, const std::string& why) const;

  [[nodiscard]] std::optional<std::uint32_t> stream_number(const std::string& name) const;
  [[nodiscard]] std::optional<std::uint32_t> group_number(std::uint32_t stream, const std::string& name) const;

 protected:
  [[nodiscard]] std::optional<std::string_view> find(MDB_dbi tree, std::string_view key) const;

  MDB_txn* txn_;
  Trees trees_;
  const std::string& path_;
};

inline MDB_val to_val(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};  // NOLINT: LMDB takes what it only reads as void*
}
inline std::string_view from_val(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

}  // namespace collective::embedded
