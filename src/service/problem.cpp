#include "service/problem.hpp"

#include "service/json_text.hpp"

namespace collective::service {
namespace {

int status_of(const Error& error) {
  switch (error.code()) {
    case Errc::invalid:
      return error.problems().empty() ? 400 : 422;
    case Errc::unknown_type:
    case Errc::loop:
      return 422;
    case Errc::too_large:
      return 413;
    case Errc::not_found:
      return 404;
    case Errc::conflict:
      return 409;
    case Errc::full:
      return 507;
    case Errc::not_connected:
    case Errc::unavailable:
    case Errc::cancelled:
      return 503;
    case Errc::unknown:
    case Errc::timeout:
      return 504;
    case Errc::ok:
    case Errc::corrupt:
    case Errc::incompatible:
    case Errc::permission:
    case Errc::failed:
    case Errc::internal:
    case Errc::deadlock:
      break;
  }
  return 500;
}

std::string list_of(const std::vector<FieldProblem>& problems) {
  return json_list(problems, [](const FieldProblem& problem) {
    return JsonObject()
        .text("pointer", problem.pointer)
        .text("found", problem.found)
        .text("allowed", problem.allowed)
        .str();
  });
}

}  // namespace

Problem bad_fields(int status, std::string_view code, const std::string& message,
                   const std::vector<FieldProblem>& problems) {
  return {status, code, message,
          problems.empty() ? std::string() : JsonObject().raw("problems", list_of(problems)).str()};
}

Problem problem_of(const Error& error) {
  return bad_fields(status_of(error), name(error.code()), error.what(), error.problems());
}

Response success(std::string data, int status) {
  Response response;
  response.status = status;
  response.body = R"({"success":true,"data":)" + std::move(data) + "}";
  return response;
}

Response refusal(const Problem& problem) {
  JsonObject body;
  body.flag("success", false).text("error", problem.what()).text("code", problem.code());
  if (!problem.details().empty()) body.raw("details", problem.details());
  Response response;
  response.status = problem.status();
  response.body = body.str();
  if (problem.status() == 503) response.headers.emplace_back("Retry-After", "1");
  if (problem.status() == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace collective::service
