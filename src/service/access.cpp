#include "service/access.hpp"

#include <algorithm>

#include "service/problem.hpp"

namespace collective::service {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// `name:port` or `[::1]:port` without the port.
std::string without_port(std::string_view host) {
  if (host.starts_with('[')) return lower(host.substr(0, host.find(']') + 1));
  return lower(host.substr(0, host.find(':')));
}

constexpr std::string_view bearer = "bearer ";

}  // namespace

Access::Access(const ServiceOptions& options)
    : hosts_{"localhost", "127.0.0.1", "[::1]"}, tokens_(options.tokens), anonymous_info_(options.anonymous_info) {
  hosts_.push_back(options.host.find(':') == std::string::npos ? lower(options.host) : "[" + lower(options.host) + "]");
  for (const auto& host : options.allowed_hosts) hosts_.push_back(without_port(host));
}

void Access::check_origin(const Request& request) const {
  if (std::find(hosts_.begin(), hosts_.end(), without_port(request.host)) == hosts_.end()) {
    throw Problem(421, "unknown_host",
                  "this service is not called by the name in the Host header; add the name with --allow-host or "
                  "EVENT_BUS_ALLOWED_HOSTS");
  }
  if (request.origin.empty()) return;
  const auto origin = lower(request.origin);
  const auto host = lower(request.host);
  if (origin != "http://" + host && origin != "https://" + host)
    throw Problem(403, "foreign_origin", "pages of another origin may not call this service");
}

Principal Access::identify(const Request& request, Scope needed) const {
  if (tokens_.empty() && !anonymous_info_) return {"local", {Scope::admin}, {}};
  if (!request.authorization.empty()) {
    const std::string_view header = request.authorization;
    const bool is_bearer = lower(header.substr(0, bearer.size())) == bearer;
    if (const auto* const known = is_bearer ? tokens_.find(header.substr(bearer.size())) : nullptr) return *known;
    throw Problem(401, "unauthorized",
                  "the token is not known; send one of this service's as Authorization: Bearer TOKEN");
  }
  if (needed == Scope::open) return {};
  if (needed == Scope::info && anonymous_info_) return {"anonymous", {Scope::info}, {}};
  throw Problem(401, "unauthorized", "this call wants a token: send it as Authorization: Bearer TOKEN");
}

void Access::check_scope(const Principal& principal, Scope needed, std::string_view stream) {
  const bool allowed = stream.empty() ? principal.may(needed) : principal.may(needed, stream);
  if (allowed) return;
  const std::string scope(name(needed));
  throw Problem(403, "forbidden",
                "the token does not include the scope \"" + scope + "\"" +
                    (stream.empty() ? std::string() : " for the stream " + std::string(stream)) +
                    "; use one that does");
}

}  // namespace collective::service
