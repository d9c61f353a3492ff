#include "engine/attempt_history.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "collective/time.hpp"

#include "event/json_reader.hpp"
#include "event/json_writer.hpp"

namespace collective::engine {
namespace {

constexpr std::size_t most_attempts = 50;
constexpr std::size_t longest_error = 1'024;

/// Cut between two characters; bytes that are no UTF-8 become `?`, since the history is JSON.
std::string presentable(std::string_view error) {
  std::string text(error.substr(0, longest_error));
  while (text.size() < error.size() && !text.empty() && (static_cast<unsigned char>(error[text.size()]) & 0xC0) == 0x80)
    text.pop_back();
  if (event::is_utf8(text)) return text;
  for (char& c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return text;
}

std::string one(const Attempt& attempt) {
  std::string text;
  event::JsonWriter out(text);
  out.raw(R"({"attempt":)");
  out.integer(std::uint64_t{attempt.number});
  out.raw(R"(,"at":)");
  out.timestamp(attempt.at);
  out.raw(R"(,"consumer":)");
  out.string(attempt.consumer);
  out.raw(R"(,"error":)");
  out.string(presentable(attempt.error));
  out.raw(R"(,"took_ms":)");
  out.real(static_cast<double>(attempt.took.count()) / 1'000.0);
  if (attempt.stall > 0) {
    out.raw(R"(,"stall":)");
    out.integer(std::uint64_t{attempt.stall});
  }
  out.raw('}');
  out.flush();
  return text;
}

/// The elements of the history, each as its own text.
std::vector<std::string_view> elements(std::string_view history) {
  std::vector<std::string_view> list;
  event::JsonReader reader(history);
  std::string_view element;
  if (history.empty() || !reader.begin_list()) return list;
  while (reader.next_element() && reader.skip(element)) list.push_back(element);
  return list;
}

void set_member(Attempt& attempt, std::string_view name, std::string_view value) {
  const char* const end = value.data() + value.size();
  if (name == "attempt") std::from_chars(value.data(), end, attempt.number);
  if (name == "stall") std::from_chars(value.data(), end, attempt.stall);
  if (name == "at") attempt.at = parse_iso8601(value).value_or(Timestamp{});
  if (name == "consumer") attempt.consumer = value;
  if (name == "error") attempt.error = value;
  double took_ms = 0;
  if (name == "took_ms" && std::from_chars(value.data(), end, took_ms).ec == std::errc{}) {
    attempt.took = std::chrono::microseconds(std::llround(took_ms * 1'000));
  }
}

}  // namespace

std::string with_attempt(std::string_view history, const Attempt& attempt) {
  auto attempts = elements(history);
  if (attempts.size() >= most_attempts) {
    const auto surplus = static_cast<std::ptrdiff_t>(attempts.size() + 1 - most_attempts);
    attempts.erase(attempts.begin() + 1, attempts.begin() + 1 + surplus);
  }
  std::string text = "[";
  for (const auto& known : attempts) (text += known) += ',';
  text += one(attempt);
  return text += ']';
}

std::string with_stalls(std::string_view history, std::uint32_t stalls, std::uint32_t attempt, Timestamp seen) {
  std::string text(history);
  if (stalls == 0) return text;
  std::uint32_t told = 0;
  for (const auto& known : read_history(history)) told = std::max(told, known.stall);
  for (auto stall = told + 1; stall <= stalls; ++stall) {
    text = with_attempt(text, {attempt, seen, "", "the process that handled it stopped or lost its lease", {}, stall});
  }
  return text;
}

std::vector<Attempt> read_history(std::string_view history) {
  std::vector<Attempt> attempts;
  for (const auto element : elements(history)) {
    Attempt attempt;
    event::JsonReader reader(element);
    std::string_view name;
    std::string_view name_text;
    std::string_view value;
    if (!reader.begin_object()) continue;
    while (reader.next_member(name, name_text)) {
      const bool text = reader.peek() == '"';
      if (!(text ? reader.read_string(value) : reader.skip(value))) break;
      set_member(attempt, name, value);
    }
    attempts.push_back(std::move(attempt));
  }
  return attempts;
}

}  // namespace collective::engine
