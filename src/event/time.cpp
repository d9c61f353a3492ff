#include "collective/time.hpp"

#include <algorithm>
#include <chrono>

namespace collective {

namespace {

namespace chr = std::chrono;

void write_digits(char* out, int width, unsigned value) noexcept {
  for (int i = width - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

/// Reads fixed shapes from the front of a text; after the first mismatch `ok` stays false.
struct Scanner {
  std::string_view rest;
  bool ok = true;

  unsigned digits(std::size_t width) noexcept {
    unsigned value = 0;
    ok = ok && rest.size() >= width;
    for (std::size_t i = 0; ok && i < width; ++i) {
      const char c = rest[i];
      ok = c >= '0' && c <= '9';
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    if (ok) rest.remove_prefix(width);
    return value;
  }
  void expect(char upper, char lower) noexcept {
    ok = ok && !rest.empty() && (rest.front() == upper || rest.front() == lower);
    if (ok) rest.remove_prefix(1);
  }
  void expect(char c) noexcept { expect(c, c); }
  bool accept(char c) noexcept {
    if (!ok || rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
};

chr::milliseconds read_fraction(Scanner& in) noexcept {
  if (!in.accept('.')) return chr::milliseconds(0);
  std::size_t count = 0;
  unsigned ms = 0;
  while (count < in.rest.size() && in.rest[count] >= '0' && in.rest[count] <= '9') {
    if (count < 3) ms = ms * 10 + static_cast<unsigned>(in.rest[count] - '0');
    ++count;
  }
  in.ok = in.ok && count >= 1 && count <= 9;
  for (std::size_t i = count; i < 3; ++i) ms *= 10;
  if (in.ok) in.rest.remove_prefix(count);
  return chr::milliseconds(ms);
}

chr::minutes read_zone(Scanner& in) noexcept {
  if (in.accept('Z') || in.accept('z')) return chr::minutes(0);
  const bool west = in.accept('-');
  if (!west) in.expect('+');
  const unsigned hours = in.digits(2);
  in.expect(':');
  const unsigned minutes = in.digits(2);
  in.ok = in.ok && hours <= 23 && minutes <= 59;
  const chr::minutes offset(hours * 60 + minutes);
  return west ? -offset : offset;
}

}  // namespace

void write_iso8601(Timestamp time, char* out) noexcept {
  time = std::clamp(time, min_timestamp, max_timestamp);
  const auto day = chr::floor<chr::days>(time);
  const chr::year_month_day date(day);
  auto ms = static_cast<unsigned>((time - day).count());
  write_digits(out, 4, static_cast<unsigned>(static_cast<int>(date.year())));
  out[4] = '-';
  write_digits(out + 5, 2, static_cast<unsigned>(date.month()));
  out[7] = '-';
  write_digits(out + 8, 2, static_cast<unsigned>(date.day()));
  out[10] = 'T';
  write_digits(out + 20, 3, ms % 1'000);
  ms /= 1'000;
  out[19] = '.';
  write_digits(out + 17, 2, ms % 60);
  ms /= 60;
  out[16] = ':';
  write_digits(out + 14, 2, ms % 60);
  out[13] = ':';
  write_digits(out + 11, 2, ms / 60);
  out[23] = 'Z';
}

std::string to_iso8601(Timestamp time) {
  std::string text(iso8601_length, '\0');
  write_iso8601(time, text.data());
  return text;
}

std::optional<Timestamp> parse_iso8601(std::string_view text) noexcept {
  Scanner in{text};
  const unsigned year = in.digits(4);
  in.expect('-');
  const unsigned month = in.digits(2);
  in.expect('-');
  const unsigned day = in.digits(2);
  in.expect('T', 't');
  const unsigned hour = in.digits(2);
  in.expect(':');
  const unsigned minute = in.digits(2);
  in.expect(':');
  const unsigned second = in.digits(2);
  const chr::milliseconds fraction = read_fraction(in);
  const chr::minutes offset = read_zone(in);

  const chr::year_month_day date(chr::year(static_cast<int>(year)), chr::month(month), chr::day(day));
  if (!in.ok || !in.rest.empty() || !date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const Timestamp time =
      chr::sys_days(date) + chr::hours(hour) + chr::minutes(minute) + chr::seconds(second) + fraction - offset;
  if (time < min_timestamp || time > max_timestamp) return std::nullopt;
  return time;
}

}  // namespace collective
