#pragma once

#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "broker/contract.hpp"

namespace collective::embedded {

/// What a record of the state tree is; the first byte of its key.
enum class Kind : char {
  format = 'F',       ///< -> version, oldest reader, counters
  stream = 'S',       ///< stream -> StreamRecord
  stream_name = 's',  ///< name -> stream number
  group = 'G',        ///< group -> GroupRecord
  group_name = 'g',   ///< stream, name -> group number
  routes = 'R',       ///< group -> its declared routes
  member = 'M',       ///< group, name -> MemberRecord
  run = 'U',          ///< group, first id -> Run: fresh entries handed out together
  held = 'H',         ///< group, side, id -> Pending with an owner
  parked = 'P',       ///< group, side, id -> Pending without one
  ready = 'Y',        ///< group, suspect, route, due, id, side -> nothing: parked work in hand-out order
  deadline = 'D',     ///< group, time, is-run, side, id -> nothing: deliveries that expire by themselves
  side = 'C',         ///< group, number -> copy of a republished event
  letter = 'L',       ///< group, number -> dead letter
  delayed = 'W',      ///< stream, due, number -> event that is not visible yet
  seen = 'I',         ///< stream, event id -> entry id and when it is forgotten
  seen_until = 'J',   ///< stream, time, event id -> nothing
};

/// A key under construction. Numbers are big-endian, so keys sort as their fields do.
class Key {
 public:
  explicit Key(Kind kind) { byte(static_cast<std::uint8_t>(kind)); }
  static Key of_log(std::uint32_t stream) { return Key().u32(stream); }

  Key& byte(std::uint8_t value) {
    bytes_[size_++] = static_cast<char>(value);
    return *this;
  }
  Key& u32(std::uint32_t value) { return number(value, 4); }
  Key& u64(std::uint64_t value) { return number(value, 8); }
  Key& time(Timestamp value) {
    const auto count = value.time_since_epoch().count();
    return u64(count < 0 ? 0 : static_cast<std::uint64_t>(count));
  }
  Key& id(EntryId value) { return u64(value.ms).u64(value.seq); }
  Key& flag(bool value) { return byte(value ? 1 : 0); }
  /// Ends a key: a name that nothing follows.
  Key& name(std::string_view value) {
    std::memcpy(bytes_.data() + size_, value.data(), value.size());
    size_ += value.size();
    return *this;
  }
  /// A name that more fields follow.
  Key& counted(std::string_view value) { return byte(static_cast<std::uint8_t>(value.size())).name(value); }

  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }
  operator std::string_view() const { return view(); }  // NOLINT(google-explicit-constructor): a key is its bytes

 private:
  Key() = default;
  Key& number(std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
      bytes_[size_ + i] = static_cast<char>((value >> (8 * (size - 1 - i))) & 0xFFu);
    size_ += size;
    return *this;
  }

  std::array<char, 511> bytes_;  // LMDB's longest key
  std::size_t size_ = 0;
};

/// Reads the fields of a key from its front. Out-of-range reads give zeros: keys are ours, their records are checked.
class KeyReader {
 public:
  explicit KeyReader(std::string_view key) : left_(key) {}
  std::uint8_t byte() { return static_cast<std::uint8_t>(number(1)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  Timestamp time() { return Timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(u64()))); }
  EntryId id() {
    const auto ms = u64();
    return {ms, u64()};
  }
  std::string_view counted() { return take(byte()); }
  [[nodiscard]] std::string_view rest() const { return left_; }

 private:
  std::string_view take(std::size_t size) {
    const auto bytes = left_.substr(0, size);
    left_.remove_prefix(bytes.size());
    return bytes;
  }
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (const char c : take(size)) value = (value << 8) | static_cast<unsigned char>(c);
    return value;
  }
  std::string_view left_;
};

inline Key log_key(std::uint32_t stream, EntryId id) {
  return Key::of_log(stream).id(id);
}
inline EntryId id_of_log_key(std::string_view key) {
  return KeyReader(key.substr(4)).id();
}
inline Key work_key(Kind kind, std::uint32_t group, const broker::WorkId& work) {
  return Key(kind).u32(group).flag(work.side).id(work.id);
}

}  // namespace collective::embedded
