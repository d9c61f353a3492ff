#include "broker/embedded/view.hpp"

namespace collective::embedded {
namespace {

std::string what_it_is(Kind kind) {
  switch (kind) {
    case Kind::format:
      return "the format record";
    case Kind::stream:
      return "a stream record";
    case Kind::stream_name:
      return "a stream's name";
    case Kind::group:
      return "a group record";
    case Kind::group_name:
      return "a group's name";
    case Kind::routes:
      return "a group's routes";
    case Kind::member:
      return "a member record";
    case Kind::run:
      return "a run of handed-out entries";
    case Kind::held:
      return "a held entry's record";
    case Kind::parked:
      return "a parked entry's record";
    case Kind::side:
      return "a republished event";
    case Kind::letter:
      return "a dead letter";
    case Kind::delayed:
      return "a delayed event";
    case Kind::seen:
      return "a remembered event id";
    case Kind::ready:
    case Kind::deadline:
    case Kind::seen_until:
      return "an index entry";
  }
  return "a record";
}

std::string to_hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

}  // namespace

Cursor::Cursor(MDB_txn* txn, MDB_dbi tree, const std::string& path) : path_(path) {
  if (const int rc = mdb_cursor_open(txn, tree, &cursor_); rc != 0) throw fault_of(rc, "opening a cursor", path_);
}

bool Cursor::move(MDB_cursor_op op, std::string_view key) {
  MDB_val k = to_val(key);
  MDB_val v{};
  const int rc = mdb_cursor_get(cursor_, &k, &v, op);
  if (rc == MDB_NOTFOUND) return false;
  if (rc != 0) throw fault_of(rc, "reading", path_);
  key_ = from_val(k);
  value_ = from_val(v);
  return true;
}

bool Cursor::seek_before(std::string_view key) {
  return seek(key) ? previous() : last();
}

void Cursor::put(std::string_view key, std::string_view value) {
  MDB_val k = to_val(key);
  MDB_val v = to_val(value);
  if (const int rc = mdb_cursor_put(cursor_, &k, &v, 0); rc != 0) throw fault_of(rc, "writing", path_);
}

void Cursor::erase() {
  if (const int rc = mdb_cursor_del(cursor_, 0); rc != 0) throw fault_of(rc, "deleting", path_);
}

std::optional<std::string_view> View::find(MDB_dbi tree, std::string_view key) const {
  MDB_val k = to_val(key);
  MDB_val v{};
  const int rc = mdb_get(txn_, tree, &k, &v);
  if (rc == MDB_NOTFOUND) return std::nullopt;
  if (rc != 0) throw fault_of(rc, "reading", path_);
  return from_val(v);
}

Fault View::corrupt(std::string_view key, const std::string& why) const {
  return {Errc::corrupt, "embedded store " + path_ + ": " + what_it_is(static_cast<Kind>(key.empty() ? '\0' : key[0])) +
                             " (key " + to_hex(key) + ") cannot be used: " + why +
                             "; stop every process that uses the store, and restore the directory from a backup"};
}

std::optional<std::uint32_t> View::stream_number(const std::string& name) const {
  const auto number = get(Key(Kind::stream_name).name(name));
  if (!number) return std::nullopt;
  return KeyReader(*number).u32();
}

std::optional<std::uint32_t> View::group_number(std::uint32_t stream, const std::string& name) const {
  const auto number = get(Key(Kind::group_name).u32(stream).name(name));
  if (!number) return std::nullopt;
  return KeyReader(*number).u32();
}

}  // namespace collective::embedded
