#include "runtime/broker_table.hpp"

#include <cstdlib>
#include <filesystem>

#include "collective/error.hpp"

namespace collective::runtime {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read at connect; nothing here sets one
  return value == nullptr ? std::string() : std::string(value);
}

std::string schemes_of(const BrokerTable& table) {
  std::string names;
  for (const auto& [scheme, factory] : table) names += (names.empty() ? "" : ", ") + scheme + ":";
  return names;
}

std::string redis_url_from_environment() {
  const auto host = environment("REDIS_HOST");
  if (host.empty()) return {};
  const auto port = environment("REDIS_PORT");
  const auto database = environment("REDIS_DB");
  return "redis://" + host + ":" + (port.empty() ? "6379" : port) + (database.empty() ? "" : "/" + database);
}

std::string default_store() {
  const auto state = environment("XDG_STATE_HOME");
  if (!state.empty()) return "embedded:" + (std::filesystem::path(state) / "event-bus").string();
  const auto home = environment("HOME");
  if (home.empty()) {
    throw Error(Errc::invalid,
                "no broker is named and there is no home directory to keep a store in: set EVENT_BUS_BROKER or "
                "Options::broker, for example to embedded:/var/lib/event-bus");
  }
  return "embedded:" + (std::filesystem::path(home) / ".local" / "state" / "event-bus").string();
}

/// What messages may show of a URL: SCHEME://USER:PASSWORD@REST without the password.
std::string without_password(std::string_view text) {
  const auto begin = text.find("//");
  const auto end = text.substr(0, text.find('?')).rfind('@');
  if (begin == std::string_view::npos || end == std::string_view::npos) return std::string(text);
  const auto colon = text.find(':', begin);
  if (colon == std::string_view::npos || colon > end) return std::string(text);
  return std::string(text.substr(0, colon + 1)) + "***" + std::string(text.substr(end));
}

}  // namespace

BrokerUrl BrokerUrl::parse(std::string_view text) {
  BrokerUrl url;
  url.text = without_password(text);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    throw Error(Errc::invalid, "broker URL \"" + url.text +
                                   "\" names no scheme: write embedded:PATH, redis://HOST or memory:NAME, for example "
                                   "embedded:/var/lib/event-bus");
  }
  url.scheme = std::string(text.substr(0, colon));
  auto rest = text.substr(colon + 1);
  const auto question = rest.find('?');
  url.rest = std::string(rest.substr(0, question));
  if (question == std::string_view::npos) return url;
  rest = rest.substr(question + 1);
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const auto pair = rest.substr(0, end);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      throw Error(Errc::invalid,
                  "broker URL \"" + url.text + "\": \"" + std::string(pair) + "\" is no NAME=VALUE option");
    }
    const auto name = std::string(pair.substr(0, equals));
    if (!url.options.emplace(name, pair.substr(equals + 1)).second) {
      throw Error(Errc::invalid, "broker URL \"" + url.text + "\": option \"" + name + "\" is given twice; keep one");
    }
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return url;
}

std::string BrokerUrl::take(const std::string& name, const std::string& fallback) {
  const auto found = options.find(name);
  if (found == options.end()) return fallback;
  auto value = found->second;
  options.erase(found);
  return value;
}

void BrokerUrl::refuse_rest(std::string_view known) const {
  if (options.empty()) return;
  throw Error(Errc::invalid, "broker URL \"" + text + "\": unknown option \"" + options.begin()->first +
                                 "\"; known options: " + std::string(known.empty() ? "none" : known));
}

std::string resolve_broker_url(const std::string& given) {
  if (!given.empty()) return given;
  if (auto url = environment("EVENT_BUS_BROKER"); !url.empty()) return url;
  if (auto url = redis_url_from_environment(); !url.empty()) return url;
  return default_store();
}

broker::Store open_store(const BrokerTable& table, const Options& options) {
  auto url = BrokerUrl::parse(resolve_broker_url(options.broker));
  const auto found = table.find(url.scheme);
  if (found == table.end()) {
    throw Error(Errc::invalid, "broker URL \"" + url.text + "\": there is no broker for \"" + url.scheme +
                                   ":\"; this build has " + schemes_of(table));
  }
  return found->second(std::move(url), options);
}

}  // namespace collective::runtime
