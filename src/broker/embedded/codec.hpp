#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "collective/entry_id.hpp"

namespace collective::embedded {

/// Writes a stored record: a format byte and a checksum, then fields. Numbers are little-endian or varints (LEB128),
/// text is a varint length and its bytes.
class Encoder {
 public:
  /// Starts a record in `out`, which is cleared.
  Encoder(std::string& out, std::uint8_t format);

  Encoder& u8(std::uint8_t value);
  Encoder& u64(std::uint64_t value);
  Encoder& varint(std::uint64_t value);
  Encoder& time(Timestamp value);
  Encoder& id(EntryId value);
  Encoder& text(std::string_view value);
  Encoder& raw(std::string_view bytes);

  /// Seals the record: the checksum covers the key it will be stored under and all that was written.
  std::string_view finish(std::string_view key);

 private:
  std::string& out_;
};

/// The bytes are no record of this kind.
struct BadRecord : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Reads a record. The text it returns points into the record. Throws BadRecord when anything does not fit.
class Decoder {
 public:
  /// Checks the format byte and the checksum first.
  Decoder(std::string_view key, std::string_view record, std::uint8_t format);
  /// For a part of a record that was checked.
  static Decoder unchecked(std::string_view fields) { return Decoder(fields); }

  std::uint8_t u8();
  std::uint64_t u64();
  std::uint64_t varint();
  std::uint32_t varint32();
  Timestamp time();
  EntryId id();
  std::string_view text();
  std::string_view raw(std::size_t size);
  [[nodiscard]] std::string_view rest() const { return left_; }

 private:
  explicit Decoder(std::string_view fields) : left_(fields) {}
  std::string_view left_;
};

constexpr std::size_t record_header = 5;

}  // namespace collective::embedded
