#include "collective/time.hpp"
#include "collective/ulid.hpp"
#include "collective/validation.hpp"

#include "event/problems.hpp"

namespace collective {

Error invalid_event(std::string_view type, std::vector<FieldProblem> problems) {
  std::string message(type);
  message +=
      " is not valid (" + std::to_string(problems.size()) + (problems.size() == 1 ? " problem):" : " problems):");
  for (const auto& problem : problems) {
    message += "\n  " + (problem.pointer.empty() ? std::string("the data") : problem.pointer) + ": found " +
               problem.found + "; allowed: " + problem.allowed;
  }
  return {Errc::invalid, message, std::move(problems)};
}

void check_name(std::string_view kind, std::string_view text) {
  if (is_name(text)) return;
  throw Error(Errc::invalid,
              "the " + std::string(kind) + ' ' + event::quoted(text) +
                  " is not valid: use 1 to 128 of letters, digits, '.', '_', ':' and '-', not starting with a dot");
}

void check_envelope(const EnvelopeView& event) {
  check_name("stream name", event.stream);
  check_name("event type", event.type);
  std::vector<FieldProblem> problems;
  const auto id_or_empty = [&](std::string_view pointer, std::string_view text) {
    if (text.empty() || event::is_id(text)) return;
    problems.push_back(
        {std::string(pointer), event::quoted(text), "nothing, or an id: 1 to 128 visible ASCII characters"});
  };
  if (!is_ulid(event.id))
    problems.push_back({"/id", event::quoted(event.id), "a ULID: 26 characters of Crockford's base 32"});
  if (event.version == 0) problems.push_back({"/version", "0", "a whole number from 1"});
  if (event.timestamp < min_timestamp || event.timestamp > max_timestamp) {
    problems.push_back({"/timestamp", "a time outside the years 0 to 9999", "a time that ISO 8601 can write"});
  }
  id_or_empty("/correlation_id", event.correlation_id);
  id_or_empty("/user_id", event.user_id);
  if (!event.metadata.empty()) {
    auto found = json_object_problem(event.metadata);
    if (!found.empty())
      problems.push_back({"/metadata", std::move(found), "nothing, or a JSON object, at most 64 levels deep"});
  }
  if (!problems.empty()) throw invalid_event("the envelope of " + std::string(event.type), std::move(problems));
}

std::size_t encoded_size(const EnvelopeView& event) noexcept {
  std::size_t version_digits = 1;
  for (auto rest = event.version / 10; rest != 0; rest /= 10) ++version_digits;
  return event.id.size() + event.stream.size() + event.type.size() + version_digits + iso8601_length +
         event.correlation_id.size() + event.user_id.size() + event.data.size() + event.metadata.size();
}

void check_size(const EnvelopeView& event, std::size_t limit) {
  const std::size_t size = encoded_size(event);
  if (size <= limit) return;
  throw Error(Errc::too_large, std::string(event.type) + " has " + std::to_string(size) +
                                   " bytes, more than the limit of " + std::to_string(limit) +
                                   "; make it smaller (store what is large elsewhere and send where it is) or raise "
                                   "the option max_event_bytes");
}

}  // namespace collective
