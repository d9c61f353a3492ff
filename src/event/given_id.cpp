#include "event/given_id.hpp"

#include <array>
#include <cstdint>

namespace collective::event {
namespace {

// Between the 10 characters of time and the last 11, whose 55 bits are random and count up within a millisecond.
constexpr std::size_t place = 10;
constexpr std::size_t length = 5;

// FNV-1a of the stream's name, folded to 25 bits. Ids live longer than programs: this never changes.
std::array<char, length> mark_of(std::string_view stream) noexcept {
  std::uint32_t hash = 2'166'136'261;
  for (const char byte : stream) hash = (hash ^ static_cast<unsigned char>(byte)) * 16'777'619;
  hash = (hash >> 25) ^ (hash & 0x1FF'FFFF);
  std::array<char, length> mark{};
  for (auto digit = mark.rbegin(); digit != mark.rend(); ++digit, hash >>= 5)
    *digit = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[hash & 31];
  return mark;
}

}  // namespace

std::string given_id(UlidGenerator& ids, std::string_view stream) {
  const auto mark = mark_of(stream);
  return ids.next().replace(place, length, mark.data(), length);
}

bool is_given_id(std::string_view id, std::string_view stream) noexcept {
  const auto mark = mark_of(stream);
  return is_ulid(id) && id.substr(place, length) == std::string_view(mark.data(), length);
}

}  // namespace collective::event
