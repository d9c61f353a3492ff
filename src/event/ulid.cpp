#include "collective/ulid.hpp"

#include <atomic>
#include <bit>
#include <chrono>
#include <random>

#include <pthread.h>

namespace collective {

namespace {

constexpr char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::uint64_t max_ms = (std::uint64_t{1} << 48) - 1;

// Crockford's table for reading; 32 and above: no digit.
constexpr std::array<std::uint8_t, 256> digit_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(255);
  for (std::uint8_t i = 0; i < 32; ++i) {
    const char c = alphabet[i];
    values[static_cast<unsigned char>(c)] = i;
    if (c >= 'A') values[static_cast<unsigned char>(c - 'A' + 'a')] = i;
  }
  return values;
}();

std::uint8_t digit(char c) noexcept {
  return digit_values[static_cast<unsigned char>(c)];
}

// Counts the forks of this process: a child must not go on with its parent's random state.
std::atomic<std::uint32_t> forks{0};

void count_forks() {
  static const int registered = pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
  static_cast<void>(registered);
}

void write_digits(char* out, int width, std::uint64_t value) noexcept {
  for (int i = width - 1; i >= 0; --i) {
    out[i] = alphabet[value & 31];
    value >>= 5;
  }
}

}  // namespace

UlidGenerator::UlidGenerator(Clock clock, Randomness randomness)
    : clock_(std::move(clock)), randomness_(std::move(randomness)) {
  if (randomness_) return;
  count_forks();
  forks_ = forks.load(std::memory_order_relaxed);
  seed();
}

void UlidGenerator::seed() {
  std::random_device device;
  for (auto& word : state_) word = (std::uint64_t{device()} << 32) | device();
}

std::uint64_t UlidGenerator::random() {
  if (randomness_) return randomness_();
  // xoshiro256++ by David Blackman and Sebastiano Vigna, public domain.
  const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

void UlidGenerator::draw() {
  last_.low = random();
  last_.high = static_cast<std::uint16_t>(random() >> 48);
}

UlidGenerator::Bits UlidGenerator::advance() {
  const Timestamp now =
      clock_ ? clock_() : std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto since_epoch = now.time_since_epoch().count();
  const auto ms = std::min(since_epoch < 0 ? 0 : static_cast<std::uint64_t>(since_epoch), max_ms);

  const std::lock_guard lock(mutex_);
  const bool forked = !randomness_ && forks_ != forks.load(std::memory_order_relaxed);
  if (forked) {
    forks_ = forks.load(std::memory_order_relaxed);
    seed();
  }
  if (ms > last_.ms) {
    last_.ms = ms;
    draw();
  } else if (forked || (++last_.low == 0 && ++last_.high == 0)) {
    last_.ms = std::min(last_.ms + 1, max_ms);
    draw();
  }
  return last_;
}

UlidGenerator::Text UlidGenerator::next_text() {
  const Bits bits = advance();
  Text text;
  write_digits(text.data(), 10, bits.ms);
  // 80 random bits are 16 digits: 8 from the upper 40 bits and 8 from the lower 40.
  write_digits(text.data() + 10, 8, (std::uint64_t{bits.high} << 24) | (bits.low >> 40));
  write_digits(text.data() + 18, 8, bits.low);
  return text;
}

std::string UlidGenerator::next() {
  const Text text = next_text();
  return {text.data(), text.size()};
}

std::string new_ulid() {
  static UlidGenerator generator;
  return generator.next();
}

bool is_ulid(std::string_view text) noexcept {
  if (text.size() != UlidGenerator::length || digit(text.front()) > 7) return false;
  for (const char c : text) {
    if (digit(c) > 31) return false;
  }
  return true;
}

std::optional<Timestamp> ulid_time(std::string_view text) noexcept {
  if (!is_ulid(text)) return std::nullopt;
  std::uint64_t ms = 0;
  for (const char c : text.substr(0, 10)) ms = (ms << 5) | digit(c);
  return Timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(ms)));
}

}  // namespace collective
