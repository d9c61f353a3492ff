#include "service/gateway.hpp"

#include <algorithm>

#include "collective/event_type.hpp"

#include "service/problem.hpp"
#include "service/target.hpp"

namespace collective::service {
namespace {

bool names_a_thing(std::string_view parameter) {
  return parameter == "stream" || parameter == "group" || parameter == "type";
}

void check_names(const Request& request) {
  for (const auto& [parameter, value] : request.parameters) {
    if (!names_a_thing(parameter) || is_name(value)) continue;
    throw Problem(
        400, "invalid_name",
        "the name of the " + std::string(parameter) +
            " in the path is none: names are 1 to 128 of letters, digits, dot, underscore, colon and dash, and "
            "begin with no dot");
  }
}

void check_query(const Request& request) {
  for (const auto& [name, value] : request.query) {
    const auto& known = request.route->documentation.query;
    const bool found =
        std::any_of(known.begin(), known.end(), [&](const auto& parameter) { return parameter.name == name; });
    if (!found)
      throw Problem(400, "invalid_request", "this call has no query parameter of that name; see /openapi.json");
  }
}

bool is_json(std::string_view content_type) {
  const auto type = content_type.substr(0, content_type.find(';'));
  return type == "application/json" || type == "application/json ";
}

std::string stream_of(const Request& request) {
  for (const auto& [parameter, value] : request.parameters) {
    if (parameter == "stream") return value;
  }
  return {};
}

}  // namespace

void Gateway::judge_or_throw(Request& request) const {
  auto target = parse_target(request.target);
  if (!target) throw Problem(400, "invalid_target", "the request's path or query is not well-formed");
  request.query = std::move(target->query);
  // HEAD is GET without the body, which the session leaves out.
  auto found = parts_.routes.find(request.method == "HEAD" ? "GET" : request.method, target->segments);
  request.route = found.route;
  request.parameters = std::move(found.parameters);
  const auto needed = found.route == nullptr ? Scope::info : found.route->scope;
  if (needed != Scope::open) access_.check_origin(request);
  if (found.route == nullptr) {
    if (found.allowed.empty()) throw Problem(404, "no_such_call", "there is no such call; see /openapi.json");
    std::string methods;
    for (const auto method : found.allowed) methods += (methods.empty() ? "" : ", ") + std::string(method);
    throw Problem(405, "method_not_allowed", "this path is called with " + methods);
  }
  request.principal = access_.identify(request, needed);
  check_names(request);
  Access::check_scope(request.principal, needed, stream_of(request));
  check_query(request);
  if (request.has_body && !is_json(request.content_type))
    throw Problem(415, "not_json", "a body is JSON here: send it with Content-Type: application/json");
}

std::optional<Response> Gateway::judge(Request& request) const {
  const auto began = Clock::now();
  try {
    judge_or_throw(request);
    return std::nullopt;
  } catch (const Problem& problem) {
    record(request, problem.status(), began);
    return refusal_of(problem);
  }
}

Response Gateway::refusal_of(const Problem& problem) const {
  auto response = refusal(problem);
  response.body = parts_.log.redactor().clean(std::move(response.body));
  return response;
}

Response Gateway::refuse(int status, std::string_view code, const std::string& message, std::string_view peer) const {
  parts_.log.write(Severity::debug, "refused", {{"code", code}, {"peer", peer}});
  parts_.telemetry.refused(code);
  return refusal_of(Problem(status, code, message));
}

Answer Gateway::handle(const Request& request) const {
  try {
    return request.route->handler(request);
  } catch (const Problem& problem) {
    return {refusal_of(problem), nullptr};
  } catch (const Error& error) {
    const auto problem = problem_of(error);
    if (problem.status() >= 500) {
      parts_.log.write(Severity::warning, error.what(),
                       {{"path", request.target}, {"code", problem.code()}, {"peer", request.peer}});
    }
    return {refusal_of(problem), nullptr};
  } catch (const std::exception& error) {
    parts_.log.write(Severity::error, error.what(), {{"path", request.target}, {"peer", request.peer}});
    return {refusal_of(Problem(500, "internal", "a defect in this service; its log says more")), nullptr};
  }
}

void Gateway::answer(std::shared_ptr<const Request> request, std::function<void(Answer)> done) const {
  const auto began = Clock::now();
  auto task = [this, request, done, began] {
    auto answer = handle(*request);
    record(*request, answer.response.status, began);
    done(std::move(answer));
  };
  const auto run = request->route->run;
  if (run == RunOn::io) return task();
  const bool waits = run == RunOn::waiting && request->query_value("waitMs") != nullptr;
  auto& pool = waits ? parts_.waiters : parts_.workers;
  if (pool.run(std::move(task))) return;
  record(*request, 503, began);
  done({refusal_of(Problem(503, "busy", "the service has more calls than it can carry out now; try again in a second")),
        nullptr});
}

void Gateway::record(const Request& request, int status, Clock::time_point began) const {
  const auto took = Clock::now() - began;
  const auto path = request.route == nullptr ? std::string_view("none") : request.route->path;
  parts_.telemetry.answered(request.method, path, status, took);
  if (!parts_.log.writes(Severity::debug)) return;
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  parts_.log.write(Severity::debug, "answered",
                   {{"method", request.method},
                    {"target", request.target.substr(0, 256)},
                    {"status", std::to_string(status)},
                    {"took_us", std::to_string(micros)},
                    {"caller", request.principal.name},
                    {"peer", request.peer}});
}

}  // namespace collective::service
