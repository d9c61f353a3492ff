#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "collective/entry_id.hpp"

namespace collective {

/// Makes ULIDs: 26 characters of Crockford's base 32, 48 bits of milliseconds and 80 random bits.
///
/// The ids of one generator grow strictly, whatever the clock does: within a millisecond, and while the clock stands
/// behind the last id, the random part counts up; when it is exhausted the id's time moves one millisecond ahead.
/// Ids of different generators differ by their random parts. A process made by fork() draws anew.
///
/// Threads: safe from any thread.   Cost: about 50 ns with the default clock.
class UlidGenerator {
 public:
  using Clock = std::function<Timestamp()>;
  using Randomness = std::function<std::uint64_t()>;  ///< 64 random bits a call; called under the generator's lock

  static constexpr std::size_t length = 26;
  using Text = std::array<char, length>;

  /// @param clock       empty: the system clock
  /// @param randomness  empty: a generator seeded by the operating system
  explicit UlidGenerator(Clock clock = {}, Randomness randomness = {});

  [[nodiscard]] std::string next();

  /// The same without an allocation.
  [[nodiscard]] Text next_text();

 private:
  struct Bits {
    std::uint64_t ms = 0;
    std::uint16_t high = 0;  // the upper 16 of the 80 random bits
    std::uint64_t low = 0;
  };
  Bits advance();
  void draw();
  std::uint64_t random();
  void seed();

  const Clock clock_;
  const Randomness randomness_;
  std::mutex mutex_;
  Bits last_;                             // guarded by mutex_
  std::array<std::uint64_t, 4> state_{};  // guarded by mutex_
  std::uint32_t forks_ = 0;               // guarded by mutex_
};

/// A new ULID of the process's own generator; grows strictly within the process. Threads: any.
[[nodiscard]] std::string new_ulid();

/// True for 26 characters of Crockford's base 32 in upper or lower case whose time fits into 48 bits.
[[nodiscard]] bool is_ulid(std::string_view text) noexcept;

/// The time in a ULID; nothing when the text is none.
[[nodiscard]] std::optional<Timestamp> ulid_time(std::string_view text) noexcept;

}  // namespace collective
