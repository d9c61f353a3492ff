#include "broker/embedded/codec.hpp"

#include <cstring>
#include <limits>

#include "broker/embedded/crc32c.hpp"

namespace collective::embedded {
namespace {

void store_little_endian(char* to, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<char>((value >> (8 * i)) & 0xFFu);
}

std::uint64_t load_little_endian(std::string_view from) {
  std::uint64_t value = 0;
  for (std::size_t i = from.size(); i-- > 0;) value = (value << 8) | static_cast<unsigned char>(from[i]);
  return value;
}

std::uint32_t checksum(std::string_view key, char format, std::string_view body) {
  return crc32c(body, crc32c(std::string_view(&format, 1), crc32c(key)));
}

}  // namespace

Encoder::Encoder(std::string& out, std::uint8_t format) : out_(out) {
  out_.assign(record_header, '\0');
  out_[0] = static_cast<char>(format);
}

Encoder& Encoder::u8(std::uint8_t value) {
  out_.push_back(static_cast<char>(value));
  return *this;
}

Encoder& Encoder::u64(std::uint64_t value) {
  char bytes[8];
  store_little_endian(bytes, value, sizeof bytes);
  out_.append(bytes, sizeof bytes);
  return *this;
}

Encoder& Encoder::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>((value & 0x7Fu) | 0x80u));
  out_.push_back(static_cast<char>(value));
  return *this;
}

Encoder& Encoder::time(Timestamp value) {
  return u64(static_cast<std::uint64_t>(value.time_since_epoch().count()));
}

Encoder& Encoder::id(EntryId value) {
  return varint(value.ms).varint(value.seq);
}

Encoder& Encoder::text(std::string_view value) {
  varint(value.size());
  out_.append(value);
  return *this;
}

Encoder& Encoder::raw(std::string_view bytes) {
  out_.append(bytes);
  return *this;
}

std::string_view Encoder::finish(std::string_view key) {
  const std::string_view body = std::string_view(out_).substr(record_header);
  store_little_endian(out_.data() + 1, checksum(key, out_[0], body), 4);
  return out_;
}

Decoder::Decoder(std::string_view key, std::string_view record, std::uint8_t format) {
  if (record.size() < record_header) throw BadRecord("it is cut short");
  left_ = record.substr(record_header);
  if (load_little_endian(record.substr(1, 4)) != checksum(key, record[0], left_)) {
    throw BadRecord("its checksum does not match: the bytes were changed after they were stored");
  }
  if (static_cast<std::uint8_t>(record[0]) != format) throw BadRecord("its format is not known to this version");
}

std::string_view Decoder::raw(std::size_t size) {
  if (size > left_.size()) throw BadRecord("it is cut short");
  const auto bytes = left_.substr(0, size);
  left_.remove_prefix(size);
  return bytes;
}

std::uint8_t Decoder::u8() {
  return static_cast<std::uint8_t>(raw(1)[0]);
}

std::uint64_t Decoder::u64() {
  return load_little_endian(raw(8));
}

std::uint64_t Decoder::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t byte = u8();
    value |= static_cast<std::uint64_t>(byte & 0x7Fu) << shift;
    if ((byte & 0x80u) == 0) return value;
  }
  throw BadRecord("a number in it does not end");
}

std::uint32_t Decoder::varint32() {
  const auto value = varint();
  if (value > std::numeric_limits<std::uint32_t>::max()) throw BadRecord("a number in it is out of range");
  return static_cast<std::uint32_t>(value);
}

Timestamp Decoder::time() {
  return Timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(u64())));
}

EntryId Decoder::id() {
  const auto ms = varint();
  return {ms, varint()};
}

std::string_view Decoder::text() {
  return raw(varint());
}

}  // namespace collective::embedded
