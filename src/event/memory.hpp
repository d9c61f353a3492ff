#pragma once

#include <cstdint>
#include <cstring>

#include "collective/event_type.hpp"

// Integers and enums of any width behind a pointer.
namespace collective::event {

/// The value as 64 bits: sign-extended when the type is signed.
inline std::uint64_t load_bits(const model::ValueType& type, const void* from) noexcept {
  const auto load = [&]<class S, class U>(S, U) {
    if (type.is_signed) {
      S value;
      std::memcpy(&value, from, sizeof value);
      return static_cast<std::uint64_t>(std::int64_t{value});
    }
    U value;
    std::memcpy(&value, from, sizeof value);
    return std::uint64_t{value};
  };
  switch (type.size) {
    case 1:
      return load(std::int8_t{}, std::uint8_t{});
    case 2:
      return load(std::int16_t{}, std::uint16_t{});
    case 4:
      return load(std::int32_t{}, std::uint32_t{});
    default:
      return load(std::int64_t{}, std::uint64_t{});
  }
}

/// Keeps the low bits that fit.
inline void store_bits(const model::ValueType& type, void* to, std::uint64_t bits) noexcept {
  const auto store = [&]<class U>(U) {
    const auto value = static_cast<U>(bits);
    std::memcpy(to, &value, sizeof value);
  };
  switch (type.size) {
    case 1:
      return store(std::uint8_t{});
    case 2:
      return store(std::uint16_t{});
    case 4:
      return store(std::uint32_t{});
    default:
      return store(std::uint64_t{});
  }
}

template <class T>
const T& as(const void* pointer) noexcept {
  return *static_cast<const T*>(pointer);
}
template <class T>
T& as(void* pointer) noexcept {
  return *static_cast<T*>(pointer);
}

}  // namespace collective::event
