#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace collective::service {

/// What a call needs, and what a token gives.
enum class Scope : std::uint8_t {
  open,     ///< nothing: only whether the process is alive and ready
  info,     ///< health, metrics, event types, and streams and groups without the events in them
  read,     ///< events
  publish,  ///< new events
  consume,  ///< take and settle deliveries of a group
  admin,    ///< everything, dead letters and replays included
};
[[nodiscard]] std::string_view name(Scope scope) noexcept;

/// A bearer token and what it is for. Every token includes `info`; `admin` includes all.
struct Token {
  std::string name{};    ///< for the log
  std::string secret{};  ///< at least 16 visible ASCII characters
  std::vector<Scope> scopes{};
  std::vector<std::string> streams{};  ///< names, or prefixes that end in `*`; empty: every stream
};

/// Who calls, as far as the token tells.
struct Principal {
  std::string name{};
  std::vector<Scope> scopes{};
  std::vector<std::string> streams{};

  [[nodiscard]] bool may(Scope scope) const noexcept;
  /// @param stream  empty: a call that concerns no single stream
  [[nodiscard]] bool may(Scope scope, std::string_view stream) const noexcept;
};

/// Reads tokens, one a line: `NAME SCOPE[,SCOPE…] STREAM[,STREAM…] SECRET`, `*` for every stream. Empty lines and lines
/// that begin with `#` are passed over.
/// @throws Error Errc::permission when others than its owner may read the file, Errc::invalid naming the line
[[nodiscard]] std::vector<Token> read_tokens(const std::string& file);

/// Finds a token by its secret. Compares digests, every one of them, so that the time tells nothing of a secret.
class TokenTable {
 public:
  explicit TokenTable(const std::vector<Token>& tokens);

  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
  /// Null when no token has this secret. Threads: any.
  [[nodiscard]] const Principal* find(std::string_view secret) const;

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Row {
    Digest digest;
    Principal principal;
  };
  static Digest digest_of(std::string_view text);

  std::vector<Row> rows_;
};

}  // namespace collective::service
