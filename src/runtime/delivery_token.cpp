#include "runtime/delivery_token.hpp"

#include <charconv>
#include <string_view>

#include "collective/error.hpp"
#include "collective/event_type.hpp"

namespace collective::runtime {
namespace {

constexpr char separator = '|';  // in no name; the history, which may hold it, comes last
constexpr std::string_view version = "d1";

[[noreturn]] void refuse() {
  throw Error(Errc::invalid, "this is no delivery token: pass on the text that fetch returned, unchanged");
}

class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}

  std::string_view text() {
    const auto end = rest_.find(separator);
    if (end == std::string_view::npos) refuse();
    const auto field = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return field;
  }
  std::string name() {
    const auto field = text();
    if (!is_name(field)) refuse();
    return std::string(field);
  }
  template <class Number>
  Number number() {
    const auto field = text();
    Number value{};
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error != std::errc() || end != field.data() + field.size()) refuse();
    return value;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace

DeliveryToken write_token(const TokenContent& content) {
  std::string text(version);
  const auto add = [&](std::string_view field) { (text += separator) += field; };
  const auto count = [&](std::uint64_t field) { add(std::to_string(field)); };
  const auto& work = content.ticket.work;
  add(content.key.stream);
  add(content.key.group);
  add(content.consumer);
  count(work.id.ms);
  count(work.id.seq);
  count(work.side ? 1 : 0);
  count(content.ticket.token);
  count(content.progress.attempts);
  count(content.progress.stalls);
  count(content.progress.generation);
  count(content.max_attempts);
  add(content.progress.route);
  add(content.progress.note);
  return {std::move(text)};
}

TokenContent read_token(const DeliveryToken& token) {
  Fields fields(token.text);
  if (fields.text() != version) refuse();
  TokenContent content;
  content.key.stream = fields.name();
  content.key.group = fields.name();
  content.consumer = fields.name();
  auto& work = content.ticket.work;
  work.id.ms = fields.number<std::uint64_t>();
  work.id.seq = fields.number<std::uint64_t>();
  work.side = fields.number<int>() == 1;
  content.ticket.token = fields.number<std::uint64_t>();
  content.progress.attempts = fields.number<std::uint32_t>();
  content.progress.stalls = fields.number<std::uint32_t>();
  content.progress.generation = fields.number<std::uint32_t>();
  content.max_attempts = fields.number<std::uint32_t>();
  content.progress.route = std::string(fields.text());
  content.progress.note = std::string(fields.rest());
  if (write_token(content).text != token.text) refuse();  // "07" where fetch writes "7"
  return content;
}

}  // namespace collective::runtime
