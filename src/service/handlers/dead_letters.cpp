#include <algorithm>
#include <map>

#include "collective/event_type.hpp"
#include "collective/time.hpp"

#include "service/backend.hpp"
#include "service/body.hpp"
#include "service/info_json.hpp"
#include "service/json_text.hpp"
#include "service/letter_filter.hpp"
#include "service/positions.hpp"
#include "service/problem.hpp"

namespace collective::service {
namespace {

constexpr std::size_t most_looked_at = 10'000;  // letters of one page
constexpr std::size_t most_bytes = 4u << 20;    // of one answer
constexpr std::size_t per_step = 500;           // letters republished or discarded in one step
constexpr std::uint64_t an_hour = 3'600'000;
constexpr std::uint64_t longest_age = 100ull * 365 * 24 * 3'600 * 1'000;

std::optional<Timestamp> query_time(const Request& request, std::string_view name) {
  const auto* const text = request.query_value(name);
  if (text == nullptr) return std::nullopt;
  if (const auto time = parse_iso8601(*text)) return time;
  throw Problem(400, "invalid_request",
                "the parameter " + std::string(name) + " is a time such as 2026-01-31T09:30:00Z");
}

LetterFilter filter_of(const Request& request) {
  LetterFilter filter;
  filter.type = query_type(request);
  if (const auto* const reason = request.query_value("reason")) filter.reason = *reason;
  filter.since = query_time(request, "since");
  filter.until = query_time(request, "until");
  return filter;
}

Answer list(Backend& backend, const Request& request) {
  const auto filter = filter_of(request);
  const auto limit = query_number(request, "limit", 1, 1'000, 100);
  const auto after = query_number(request, "cursor", 0, UINT64_MAX, 0);
  std::vector<std::string> letters;
  std::size_t bytes = 0, looked_at = 0;
  std::uint64_t last = after;
  std::string cursor = "null";
  for_each_letter(backend.bus, request.parameter("stream"), request.parameter("group"), after,
                  [&](const DeadLetter& letter) {
                    if (letters.size() == limit || bytes > most_bytes || looked_at == most_looked_at) {
                      cursor = json_string(std::to_string(last));
                      return false;
                    }
                    ++looked_at;
                    last = letter.number;
                    if (!filter.matches(letter)) return true;
                    letters.push_back(json_of(letter));
                    bytes += letters.back().size();
                    return true;
                  });
  return {success(JsonObject()
                      .raw("deadLetters", json_list(letters, [](const std::string& text) { return text; }))
                      .raw("nextCursor", cursor)
                      .str()),
          nullptr};
}

struct Failure {
  std::uint64_t count = 0, first = 0, last = 0;
  Timestamp oldest{}, newest{};
};

Answer failures(Backend& backend, const Request& request) {
  const auto filter = filter_of(request);
  std::map<std::pair<std::string, std::string>, Failure> found;  // by type and failure
  for_each_letter(backend.bus, request.parameter("stream"), request.parameter("group"), 0,
                  [&](const DeadLetter& letter) {
                    if (!filter.matches(letter)) return true;
                    auto& failure = found[{letter.event.envelope.type, failure_of(letter).substr(0, 200)}];
                    if (failure.count++ == 0) {
                      failure.first = letter.number;
                      failure.oldest = letter.died;
                    }
                    failure.last = letter.number;
                    failure.newest = letter.died;
                    return found.size() < most_looked_at;
                  });
  std::vector<decltype(found)::const_iterator> sorted;
  for (auto at = found.cbegin(); at != found.cend(); ++at) sorted.push_back(at);
  std::stable_sort(sorted.begin(), sorted.end(), [](auto a, auto b) { return a->second.count > b->second.count; });
  return {success(json_list(sorted,
                            [](const auto& at) {
                              const auto& [key, failure] = *at;
                              return JsonObject()
                                  .text("type", key.first)
                                  .text("failure", key.second)
                                  .number("count", failure.count)
                                  .number("firstNumber", failure.first)
                                  .number("lastNumber", failure.last)
                                  .time("oldest", failure.oldest)
                                  .time("newest", failure.newest)
                                  .str();
                            })),
          nullptr};
}

Answer show(Backend& backend, const Request& request) {
  const auto number = parse_number(request.parameter("number"));
  if (!number || *number == 0) throw Problem(400, "invalid_request", "a dead letter is named by its number");
  const auto letters =
      backend.bus.dead_letters(request.parameter("stream"), request.parameter("group"), *number - 1, 1);
  if (letters.empty() || letters.front().number != *number)
    throw Problem(404, "not_found",
                  "the group has no dead letter of this number: it was republished, discarded or never was");
  return {success(json_of(letters.front())), nullptr};
}

/// Which letters a change is for: `numbers`, a `filter`, or `all`: true. Exactly one of them.
std::vector<std::uint64_t> chosen(Backend& backend, const Request& request, Body& body, bool& dry_run) {
  auto numbers = body.take_numbers("numbers");
  const auto text = body.take_object("filter");
  const bool all = body.take_flag("all").value_or(false);
  dry_run = body.take_flag("dryRun").value_or(false);
  const int ways = (numbers ? 1 : 0) + (text ? 1 : 0) + (all ? 1 : 0);
  body.require("numbers", ways == 1, "one of: numbers (a list), filter (an object), all (true)");
  body.finish();
  if (numbers) return *numbers;
  LetterFilter filter;
  if (text) {
    Body given(*text, "/filter");
    filter.type = given.take_text("type").value_or("");
    filter.reason = given.take_text("reason").value_or("");
    for (auto [name, time] : {std::pair{"since", &filter.since}, std::pair{"until", &filter.until}}) {
      const auto value = given.take_text(name);
      if (value && !(*time = parse_iso8601(*value))) given.refuse(name, value->substr(0, 60), "a time");
    }
    given.require("type", !filter.empty(), "at least one of type, reason, since, until; or all instead of a filter");
    given.finish();
  }
  std::vector<std::uint64_t> found;
  for_each_letter(backend.bus, request.parameter("stream"), request.parameter("group"), 0,
                  [&](const DeadLetter& letter) {
                    if (filter.matches(letter)) found.push_back(letter.number);
                    return true;
                  });
  return found;
}

using Change = std::uint64_t (EventBus::*)(std::string_view, std::string_view, const std::vector<std::uint64_t>&);

Answer change(Backend& backend, const Request& request, Change carry_out, std::string_view counted) {
  Body body(request.body);
  bool dry_run = false;
  const auto numbers = chosen(backend, request, body, dry_run);
  std::uint64_t count = dry_run ? numbers.size() : 0;
  for (std::size_t i = 0; !dry_run && i < numbers.size(); i += per_step) {
    const std::vector<std::uint64_t> step(
        numbers.begin() + static_cast<std::ptrdiff_t>(i),
        numbers.begin() + static_cast<std::ptrdiff_t>(std::min(i + per_step, numbers.size())));
    count += (backend.bus.*carry_out)(request.parameter("stream"), request.parameter("group"), step);
  }
  return {success(JsonObject().number(counted, count).flag("dryRun", dry_run).str()), nullptr};
}

/// The call that was there before the others.
Answer republish_by_age(Backend& backend, const Request& request) {
  Body body(request.body);
  const Millis age(body.take_number("maxAge", 0, longest_age).value_or(an_hour));
  body.finish();
  const auto count = backend.bus.republish_dead_letters(request.parameter("stream"), request.parameter("group"), age);
  return {success(JsonObject().number("republishedCount", count).str()), nullptr};
}

constexpr std::string_view letter_schema = R"({"$ref":"#/components/schemas/DeadLetter"})";
constexpr std::string_view page_schema =
    R"({"type":"object","properties":{"deadLetters":{"type":"array",)"
    R"("items":{"$ref":"#/components/schemas/DeadLetter"}},"nextCursor":{"type":["string","null"]}}})";
constexpr std::string_view failures_schema =
    R"({"type":"array","items":{"type":"object","properties":{"type":{"type":"string"},)"
    R"("failure":{"type":"string"},"count":{"type":"integer"},"firstNumber":{"type":"integer"},"lastNumber":{"type":"integer"},)"
    R"("oldest":{"type":"string","format":"date-time"},"newest":{"type":"string","format":"date-time"}}}})";
constexpr std::string_view choice_schema =
    R"({"type":"object","additionalProperties":false,"properties":{)"
    R"("numbers":{"type":"array","items":{"type":"integer"}},"all":{"type":"boolean"},"dryRun":{"type":"boolean","default":false},)"
    R"("filter":{"type":"object","additionalProperties":false,"properties":{"type":{"type":"string"},"reason":{"type":"string"},)"
    R"("since":{"type":"string","format":"date-time"},"until":{"type":"string","format":"date-time"}}}}})";
constexpr std::string_view republished_schema =
    R"({"type":"object","properties":{"republishedCount":{"type":"integer"},"dryRun":{"type":"boolean"}}})";
constexpr std::string_view discarded_schema =
    R"({"type":"object","properties":{"discardedCount":{"type":"integer"},"dryRun":{"type":"boolean"}}})";
constexpr std::string_view age_schema =
    R"({"type":"object","additionalProperties":false,"properties":{"maxAge":{"type":"integer",)"
    R"("minimum":0,"default":3600000,"description":"letters that died longer ago, in milliseconds, stay"}}})";

const std::vector<QueryParameter> filters{{"type", "of this event type"},
                                          {"reason", "whose failure holds this text"},
                                          {"since", "died at or after this time"},
                                          {"until", "died before this time"}};

void add_reading(RouteTable& table, Backend& backend) {
  auto with_pages = filters;
  with_pages.push_back({"limit", "most letters of a page, 1 to 1000; 100",
                        R"({"type":"integer","minimum":1,"maximum":1000,"default":100})"});
  with_pages.push_back({"cursor", "the nextCursor of the page before"});
  table.add({"GET",
             "/streams/{stream}/groups/{group}/dead-letters",
             Scope::read,
             RunOn::worker,
             [&backend](const Request& request) { return list(backend, request); },
             {"listDeadLetters",
              "dead letters",
              "What the group gave up on, with each attempt's error",
              with_pages,
              {},
              page_schema,
              "application/json",
              {404}}});
  table.add({"GET",
             "/streams/{stream}/groups/{group}/dead-letters/failures",
             Scope::read,
             RunOn::worker,
             [&backend](const Request& request) { return failures(backend, request); },
             {"listFailures",
              "dead letters",
              "Dead letters counted by event type and failure, most frequent first",
              filters,
              {},
              failures_schema,
              "application/json",
              {404}}});
  table.add({"GET",
             "/streams/{stream}/groups/{group}/dead-letters/{number}",
             Scope::read,
             RunOn::worker,
             [&backend](const Request& request) { return show(backend, request); },
             {"getDeadLetter", "dead letters", "One dead letter", {}, {}, letter_schema, "application/json", {404}}});
}

}  // namespace

void add_dead_letters(RouteTable& table, Backend& backend) {
  add_reading(table, backend);
  table.add({"POST",
             "/streams/{stream}/groups/{group}/dead-letters/republish",
             Scope::admin,
             RunOn::worker,
             [&backend](const Request& request) {
               return change(backend, request, &EventBus::republish_dead_letters, "republishedCount");
             },
             {"republish",
              "dead letters",
              "Hand dead letters to the group once more: all, by filter, or by number",
              {},
              choice_schema,
              republished_schema,
              "application/json",
              {404}}});
  table.add({"POST",
             "/streams/{stream}/groups/{group}/dead-letters/discard",
             Scope::admin,
             RunOn::worker,
             [&backend](const Request& request) {
               return change(backend, request, &EventBus::discard_dead_letters, "discardedCount");
             },
             {"discard",
              "dead letters",
              "Drop dead letters for good: all, by filter, or by number",
              {},
              choice_schema,
              discarded_schema,
              "application/json",
              {404}}});
  table.add({"POST",
             "/streams/{stream}/groups/{group}/republish-dead-letters",
             Scope::admin,
             RunOn::worker,
             [&backend](const Request& request) { return republish_by_age(backend, request); },
             {"republishDeadLetters",
              "dead letters",
              "Hand the dead letters of the last hour, or of maxAge, to the group once more",
              {},
              age_schema,
              republished_schema,
              "application/json",
              {404}}});
}

}  // namespace collective::service
