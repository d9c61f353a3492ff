#include "composition/redis_url.hpp"

#include <charconv>
#include <cstdlib>

#include "collective/error.hpp"

namespace collective::runtime {
namespace {

[[noreturn]] void refuse(const BrokerUrl& url, const std::string& why) {
  throw Error(Errc::invalid, "broker URL \"" + url.text + "\": " + why);
}

template <class Number>
Number number_of(const BrokerUrl& url, std::string_view text, const std::string& what, Number most) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value <= most) return value;
  refuse(url, "the " + what + " \"" + std::string(text) + "\" is no number from 0 to " + std::to_string(most));
}

std::string decoded(const BrokerUrl& url, std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain.push_back(text[i]);
      continue;
    }
    unsigned value = 0;
    const auto digits = text.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc() || end != digits.data() + 2) refuse(url, "a % in the user or password begins no %XX");
    plain.push_back(static_cast<char>(value));
    i += 2;
  }
  return plain;
}

void read_user(const BrokerUrl& url, std::string_view text, redis::Options& into) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) refuse(url, "write USER:PASSWORD@ or :PASSWORD@ before the host");
  into.user = decoded(url, text.substr(0, colon));
  into.password = decoded(url, text.substr(colon + 1));
}

void read_place(const BrokerUrl& url, std::string_view text, redis::Options& into) {
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const auto database = text.substr(slash + 1);
    if (!database.empty()) into.database = number_of<std::uint32_t>(url, database, "database", 1'000'000);
    text = text.substr(0, slash);
  }
  auto colon = text.rfind(':');
  if (text.starts_with('[')) {  // an IPv6 address
    const auto end = text.find(']');
    if (end == std::string_view::npos) refuse(url, "the address begins with [ and has no ]");
    colon = end + 1 < text.size() ? end + 1 : std::string_view::npos;
    into.host = std::string(text.substr(1, end - 1));
  } else {
    into.host = std::string(text.substr(0, colon));
  }
  if (colon != std::string_view::npos)
    into.port = number_of<std::uint16_t>(url, text.substr(colon + 1), "port", 65'535);
}

bool yes_or_no(const BrokerUrl& url, const std::string& name, const std::string& value) {
  if (value == "yes") return true;
  if (value == "no") return false;
  refuse(url, name + "=" + value + "; allowed are yes and no");
}

}  // namespace

redis::Options redis_options(BrokerUrl url, const Options& options) {
  redis::Options result;
  result.tls.on = url.scheme == "rediss";
  result.host = url.take("socket", "");
  std::string_view rest = url.rest;
  if (!rest.starts_with("//")) refuse(url, "write redis://HOST, for example redis://127.0.0.1:6379");
  rest.remove_prefix(2);
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    read_user(url, rest.substr(0, at), result);
    rest.remove_prefix(at + 1);
  }
  const auto socket = result.host;
  read_place(url, rest, result);
  if (!socket.empty() && !result.host.empty()) refuse(url, "socket= and a host exclude each other");
  if (!socket.empty()) result.host = socket;
  if (result.host.empty()) refuse(url, "it names no host: write redis://HOST, for example redis://127.0.0.1:6379");
  if (result.tls.on) {
    result.tls.ca = url.take("ca", "");
    result.tls.cert = url.take("cert", "");
    result.tls.key = url.take("key", "");
    result.tls.verify = yes_or_no(url, "verify", url.take("verify", "yes"));
    url.refuse_rest("ca, cert, key (files), verify (yes, no), socket");
  } else {
    url.refuse_rest("socket; for TLS (ca, cert, key, verify) write rediss://");
  }
  if (result.password.empty()) {
    const char* const password = std::getenv("REDIS_PASSWORD");  // NOLINT(concurrency-mt-unsafe): nothing here sets one
    if (password != nullptr) result.password = password;
  }
  result.connect_timeout = options.connect_timeout;
  result.command_timeout = options.operation_timeout;
  return result;
}

}  // namespace collective::runtime
