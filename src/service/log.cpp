#include "service/log.hpp"

#include <chrono>
#include <cstdio>

#include "collective/time.hpp"

#include "service/json_text.hpp"

namespace collective::service {
namespace {

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::debug:
      return "debug";
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      break;
  }
  return "error";
}

std::string now() {
  return to_iso8601(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
}

void to_standard_error(std::string_view line) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
}

/// The password of a URL such as redis://:PASSWORD@host, as it stands there; empty when there is none.
std::string password_of(std::string_view url) {
  const auto begin = url.find("://");
  if (begin == std::string_view::npos) return {};
  const auto authority = url.substr(begin + 3, url.find_first_of("/?", begin + 3) - (begin + 3));
  const auto at = authority.rfind('@');
  const auto colon = authority.find(':');
  if (at == std::string_view::npos || colon > at) return {};
  return std::string(authority.substr(colon + 1, at - colon - 1));
}

}  // namespace

Redactor::Redactor(const ServiceOptions& options) : secrets_(options.secrets) {
  for (const auto& token : options.tokens) secrets_.push_back(token.secret);
  secrets_.push_back(password_of(options.broker));
  std::erase(secrets_, "");
}

std::string Redactor::clean(std::string text) const {
  for (const auto& secret : secrets_) {
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
      text.replace(at, secret.size(), "***");
  }
  return text;
}

Log::Log(const ServiceOptions& options)
    : level_(options.log_level),
      json_(options.log_json),
      redactor_(options),
      sink_(options.log_sink ? options.log_sink : to_standard_error) {}

void Log::write(Severity severity, std::string_view message, Fields fields) {
  if (!writes(severity)) return;
  std::string line;
  if (json_) {
    JsonObject object;
    object.text("time", now()).text("level", name(severity)).text("message", redactor_.clean(std::string(message)));
    for (const auto& [key, value] : fields) object.text(key, redactor_.clean(std::string(value)));
    line = object.str();
  } else {
    line = now() + " " + std::string(name(severity)) + " " + json_string(redactor_.clean(std::string(message)));
    for (const auto& [key, value] : fields)
      ((line += ' ') += key) += "=" + json_string(redactor_.clean(std::string(value)));
  }
  const std::lock_guard lock(mutex_);
  sink_(line);
}

}  // namespace collective::service
