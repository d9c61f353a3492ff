#include "service/tokens.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include "collective/error.hpp"
#include "collective/event_type.hpp"

namespace collective::service {
namespace {

constexpr std::size_t shortest_secret = 16;

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

std::optional<Scope> scope_of(std::string_view text) {
  for (const auto scope : {Scope::info, Scope::read, Scope::publish, Scope::consume, Scope::admin}) {
    if (text == name(scope)) return scope;
  }
  return std::nullopt;
}

bool is_stream_pattern(std::string_view text) {
  if (text == "*") return true;
  if (text.ends_with('*')) text.remove_suffix(1);
  return is_name(text);
}

Token read_token(const std::string& line, const std::string& where) {
  const auto refuse = [&](const std::string& what) { throw Error(Errc::invalid, where + ": " + what); };
  std::istringstream in(line);
  std::string scopes, streams, rest;
  Token token;
  if (!(in >> token.name >> scopes >> streams >> token.secret) || in >> rest)
    refuse("a token's line is NAME SCOPE[,SCOPE…] STREAM[,STREAM…] SECRET, with * for every stream");
  for (const auto& text : split(scopes)) {
    const auto scope = scope_of(text);
    if (!scope) refuse("there is no scope \"" + text + "\"; use info, read, publish, consume or admin");
    token.scopes.push_back(*scope);
  }
  for (const auto& text : split(streams)) {
    if (!is_stream_pattern(text)) refuse("\"" + text + "\" is no stream's name, nor a prefix that ends in *");
    if (text != "*") token.streams.push_back(text);
  }
  if (token.secret.size() < shortest_secret)
    refuse("the secret of token \"" + token.name +
           "\" is shorter than 16 characters; make one with: openssl rand -hex 32");
  return token;
}

}  // namespace

std::string_view name(Scope scope) noexcept {
  switch (scope) {
    case Scope::open:
      return "open";
    case Scope::info:
      return "info";
    case Scope::read:
      return "read";
    case Scope::publish:
      return "publish";
    case Scope::consume:
      return "consume";
    case Scope::admin:
      return "admin";
  }
  return "admin";
}

bool Principal::may(Scope scope) const noexcept {
  if (scope == Scope::open) return true;
  if (scope == Scope::info) return !scopes.empty();
  return std::any_of(scopes.begin(), scopes.end(),
                     [&](Scope given) { return given == scope || given == Scope::admin; });
}

bool Principal::may(Scope scope, std::string_view stream) const noexcept {
  if (!may(scope)) return false;
  if (streams.empty() || scope <= Scope::info) return true;
  return std::any_of(streams.begin(), streams.end(), [&](std::string_view pattern) {
    if (!pattern.ends_with('*')) return pattern == stream;
    pattern.remove_suffix(1);
    return stream.starts_with(pattern);
  });
}

std::vector<Token> read_tokens(const std::string& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0)
    throw Error(Errc::permission, "cannot read the token file " + file + ": it does not exist or may not be seen");
  if ((status.st_mode & 077) != 0) {
    throw Error(Errc::permission,
                "the token file " + file + " may be read by others than its owner: run chmod 600 " + file);
  }
  std::ifstream in(file);
  if (!in) throw Error(Errc::permission, "cannot read the token file " + file);
  std::vector<Token> tokens;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos || line.starts_with('#')) continue;
    tokens.push_back(read_token(line, file + ", line " + std::to_string(number)));
  }
  if (tokens.empty()) throw Error(Errc::invalid, "the token file " + file + " holds no token");
  return tokens;
}

TokenTable::TokenTable(const std::vector<Token>& tokens) {
  for (const auto& token : tokens)
    rows_.push_back({digest_of(token.secret), {token.name, token.scopes, token.streams}});
}

const Principal* TokenTable::find(std::string_view secret) const {
  const auto digest = digest_of(secret);
  const Principal* found = nullptr;
  for (const auto& row : rows_) {
    if (CRYPTO_memcmp(digest.data(), row.digest.data(), digest.size()) == 0) found = &row.principal;
  }
  return found;
}

TokenTable::Digest TokenTable::digest_of(std::string_view text) {
  Digest digest{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1 || size != digest.size())
    throw Error(Errc::internal, "SHA-256 is not available from OpenSSL");
  return digest;
}

}  // namespace collective::service
