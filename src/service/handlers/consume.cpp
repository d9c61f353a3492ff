#include <algorithm>

#include "collective/time.hpp"

#include "service/backend.hpp"
#include "service/body.hpp"
#include "service/json_text.hpp"
#include "service/positions.hpp"
#include "service/problem.hpp"

namespace collective::service {
namespace {

constexpr std::uint64_t longest_wait = 30'000;
constexpr std::chrono::milliseconds turn(500);  // of a wait: so soon it notices that the service stops
constexpr std::uint64_t longest_visibility = 12ull * 3'600 * 1'000;
constexpr std::size_t most_tokens = 1'000;

FetchOptions read_options(const Request& request) {
  Body body(request.body);
  FetchOptions options;
  options.group = request.parameter("group");
  options.types = body.take_texts("types").value_or(std::vector<std::string>{});
  options.consumer = body.take_text("consumer").value_or("http");
  options.max = body.take_number("max", 1, 100).value_or(1);
  options.visibility = Millis(body.take_number("visibilityMs", 100, longest_visibility).value_or(30'000));
  options.max_attempts = static_cast<std::uint32_t>(body.take_number("maxAttempts", 1, 1'000).value_or(3));
  if (const auto from = body.take_text("from"); from && *from != "earliest") {
    if (*from == "latest") {
      options.start = StartAt::latest();
    } else if (const auto entry = EntryId::parse(*from)) {
      options.start = StartAt::after(*entry);
    } else if (const auto time = parse_iso8601(*from)) {
      options.start = StartAt::after(before(EntryId::at(*time)));
    } else {
      body.refuse("from", from->substr(0, 60), "earliest, latest, an entry id (events after it) or a time");
    }
  }
  body.finish();
  return options;
}

std::vector<Pulled> fetch_or_wait(Backend& backend, const std::string& stream, FetchOptions options, Millis wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  while (true) {
    const auto left = std::chrono::duration_cast<Millis>(until - std::chrono::steady_clock::now());
    options.wait = std::clamp(left, Millis(0), turn);
    auto pulled = backend.bus.fetch(stream, options);
    if (!pulled.empty() || left <= turn || backend.stopping) return pulled;
  }
}

Answer fetch(Backend& backend, const Request& request) {
  const auto& stream = request.parameter("stream");
  const auto& group = request.parameter("group");
  const Millis wait(query_number(request, "waitMs", 0, longest_wait, 0));
  const auto pulled = fetch_or_wait(backend, stream, read_options(request), wait);
  std::size_t redelivered = 0;
  for (const auto& one : pulled) redelivered += one.attempt > 1 ? 1 : 0;
  backend.telemetry.consumed(stream, group, pulled.size(), redelivered);
  return {success(json_list(pulled, [&](const Pulled& one) {
    return JsonObject()
        .text("token", backend.proof.seal(stream, group, one.token))
        .number("attempt", one.attempt)
        .time("deadline", one.deadline)
        .raw("event", to_json(one.event))
        .str();
  }))};
}

std::string_view name(Settlement settlement) {
  switch (settlement) {
    case Settlement::done:
      return "done";
    case Settlement::stale:
      return "stale";
    case Settlement::gone:
      break;
  }
  return "gone";
}

/// The tokens of `token` and `tokens`, all checked before one is used.
std::vector<DeliveryToken> take_tokens(const Backend& backend, const Request& request, Body& body) {
  auto texts = body.take_texts("tokens").value_or(std::vector<std::string>{});
  if (auto one = body.take_text("token")) texts.push_back(std::move(*one));
  body.require("tokens", !texts.empty() && texts.size() <= most_tokens, "1 to 1000 tokens, or one as token");
  body.finish();
  std::vector<DeliveryToken> tokens;
  for (const auto& text : texts)
    tokens.push_back(backend.proof.open(request.parameter("stream"), request.parameter("group"), text));
  return tokens;
}

template <class Settle>
Answer settle(const std::vector<DeliveryToken>& tokens, const Settle& settle_one) {
  std::vector<std::string_view> results;
  for (const auto& token : tokens) results.push_back(name(settle_one(token)));
  return {success(JsonObject().raw("results", json_texts(results)).str())};
}

Answer acknowledge(Backend& backend, const Request& request) {
  Body body(request.body);
  return settle(take_tokens(backend, request, body),
                [&](const DeliveryToken& token) { return backend.bus.acknowledge(token); });
}

Answer nack(Backend& backend, const Request& request) {
  Body body(request.body);
  const Millis delay(body.take_number("delayMs", 0, longest_visibility).value_or(1'000));
  const auto error = body.take_text("error").value_or("");
  return settle(take_tokens(backend, request, body),
                [&](const DeliveryToken& token) { return backend.bus.retry(token, delay, error); });
}

Answer dead_letter(Backend& backend, const Request& request) {
  Body body(request.body);
  const auto reason = body.take_text("reason").value_or("");
  body.require("reason", !reason.empty(), "why the event is hopeless, in words");
  return settle(take_tokens(backend, request, body),
                [&](const DeliveryToken& token) { return backend.bus.dead_letter(token, reason); });
}

Answer extend(Backend& backend, const Request& request) {
  Body body(request.body);
  const auto by = body.take_number("byMs", 100, longest_visibility);
  body.require("byMs", by.has_value(), "how long from now, in milliseconds");
  return settle(take_tokens(backend, request, body),
                [&](const DeliveryToken& token) { return backend.bus.extend(token, Millis(*by)); });
}

constexpr std::string_view results_schema =
    R"({"type":"object","required":["results"],"properties":{"results":{"type":"array",)"
    R"("items":{"type":"string","enum":["done","stale","gone"]},"description":"for each token: stale when somebody else )"
    R"(holds the event now, gone when it was settled before"}}})";
constexpr std::string_view fetch_body =
    R"({"type":"object","additionalProperties":false,"properties":{)"
    R"("types":{"type":"array","items":{"type":"string"},"description":"event types to take; none: every type"},)"
    R"("consumer":{"type":"string","description":"shown to people; http"},)"
    R"("max":{"type":"integer","minimum":1,"maximum":100,"default":1},)"
    R"("visibilityMs":{"type":"integer","minimum":100,"default":30000,"description":"not settled or extended within it, a delivery goes to somebody else"},)"
    R"("maxAttempts":{"type":"integer","minimum":1,"default":3},)"
    R"("from":{"type":"string","description":"where a new group starts: earliest (the default), latest, after an entry id, or at a time"}}})";
constexpr std::string_view fetched_schema =
    R"({"type":"array","items":{"type":"object","properties":{"token":{"type":"string"},)"
    R"("attempt":{"type":"integer"},"deadline":{"type":"string","format":"date-time"},"event":{"$ref":"#/components/schemas/Event"}}}})";

constexpr std::string_view acknowledge_body =
    R"({"type":"object","additionalProperties":false,"properties":{"token":{"type":"string"},)"
    R"("tokens":{"type":"array","maxItems":1000,"items":{"type":"string"}}}})";
constexpr std::string_view nack_body =
    R"({"type":"object","additionalProperties":false,"properties":{"token":{"type":"string"},)"
    R"("tokens":{"type":"array","maxItems":1000,"items":{"type":"string"}},)"
    R"("delayMs":{"type":"integer","minimum":0,"default":1000},"error":{"type":"string"}}})";
constexpr std::string_view dead_letter_body =
    R"({"type":"object","additionalProperties":false,"properties":{"token":{"type":"string"},)"
    R"("tokens":{"type":"array","maxItems":1000,"items":{"type":"string"}},)"
    R"("reason":{"type":"string"}},"required":["reason"]})";
constexpr std::string_view extend_body =
    R"({"type":"object","additionalProperties":false,"properties":{"token":{"type":"string"},)"
    R"("tokens":{"type":"array","maxItems":1000,"items":{"type":"string"}},)"
    R"("byMs":{"type":"integer","minimum":100,"description":"how long from now"}},"required":["byMs"]})";

}  // namespace

void add_consume(RouteTable& table, Backend& backend) {
  table.add({"POST",
             "/streams/{stream}/groups/{group}/fetch",
             Scope::consume,
             RunOn::waiting,
             [&backend](const Request& request) { return fetch(backend, request); },
             {"fetch",
              "consume",
              "Take events for a group, each with a token to settle it by; the group is created when it does not exist",
              {{"waitMs", "how long to wait for the first event, up to 30000; 0",
                R"({"type":"integer","minimum":0,"maximum":30000,"default":0})"}},
              fetch_body,
              fetched_schema}});
  const auto settling = [&](std::string_view path, Answer (*run)(Backend&, const Request&), std::string_view operation,
                            std::string_view summary, std::string_view body) {
    table.add({"POST",
               path,
               Scope::consume,
               RunOn::worker,
               [&backend, run](const Request& request) { return run(backend, request); },
               {operation, "consume", summary, {}, body, results_schema}});
  };
  settling("/streams/{stream}/groups/{group}/acknowledge", acknowledge, "acknowledge",
           "Done: the group never sees these events again", acknowledge_body);
  settling("/streams/{stream}/groups/{group}/nack", nack, "nack",
           "Failed: back to the group after a delay, or to its dead letters after the last attempt", nack_body);
  settling("/streams/{stream}/groups/{group}/dead-letter", dead_letter, "deadLetter",
           "Hopeless: to the group's dead letters at once", dead_letter_body);
  settling("/streams/{stream}/groups/{group}/extend", extend, "extend", "Still at work: move the deadlines",
           extend_body);
}

}  // namespace collective::service
