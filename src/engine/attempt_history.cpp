#include "engine/attempt_history.hpp"

#include <vector>

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
  while (text.size() < error.size() && !text.empty() && (static_cast<unsigned char>(error[text.size()]) & 0xC0) == 0x80) text.pop_back();
  if (event::is_utf8(text)) return text;
  for (char& c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return text;
}

std::string one(const FailedAttempt& attempt) {
  std::string text;
  event::JsonWriter out(text);
  out.raw(R"({"attempt":)");
  out.integer(std::uint64_t{attempt.attempt});
  out.raw(R"(,"at":)");
  out.timestamp(attempt.at);
  out.raw(R"(,"consumer":)");
  out.string(attempt.consumer);
  out.raw(R"(,"error":)");
  out.string(presentable(attempt.error));
  out.raw(R"(,"took_ms":)");
  out.real(static_cast<double>(attempt.took.count() / 1'000) / 1'000.0);
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

}  // namespace

std::string with_attempt(std::string_view history, const FailedAttempt& attempt) {
  auto attempts = elements(history);
  if (attempts.size() >= most_attempts) attempts.erase(attempts.begin() + 1);
  std::string text = "[";
  for (const auto& known : attempts) (text += known) += ',';
  text += one(attempt);
  return text += ']';
}

}  // namespace collective::engine
