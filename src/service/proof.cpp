#include "service/proof.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "collective/error.hpp"

#include "service/problem.hpp"

namespace collective::service {
namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t mac_length = 43;  // of 32 bytes in base64url

std::string to_base64url(std::string_view bytes) {
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) text += letters[(bits >> (count - 6)) & 63];
  }
  if (count > 0) text += letters[(bits << (6 - count)) & 63];
  return text;
}

/// Nothing for what `to_base64url` does not write.
std::optional<std::string> from_base64url(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto value = letters.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    if ((count += 6) >= 8) bytes += static_cast<char>((bits >> (count -= 8)) & 255);
  }
  return to_base64url(bytes) == text ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace

Proof::Proof(const std::vector<Token>& tokens) : key_("event-bus delivery token") {
  for (const auto& token : tokens) (key_ += '\0') += token.secret;
}

Proof::Mac Proof::mac_of(std::string_view stream, std::string_view group, std::string_view text) const {
  std::string signed_text;
  for (const auto part : {stream, group, text}) (signed_text += part) += '\0';
  Mac mac{};
  unsigned int size = 0;
  const auto* const bytes = reinterpret_cast<const unsigned char*>(signed_text.data());
  if (HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), bytes, signed_text.size(), mac.data(), &size) ==
      nullptr)
    throw Error(Errc::internal, "HMAC is not available from OpenSSL");
  return mac;
}

std::string Proof::seal(std::string_view stream, std::string_view group, const DeliveryToken& token) const {
  const auto mac = mac_of(stream, group, token.text);
  return to_base64url({reinterpret_cast<const char*>(mac.data()), mac.size()}) + to_base64url(token.text);
}

DeliveryToken Proof::open(std::string_view stream, std::string_view group, const std::string& text) const {
  const auto whole = std::string_view(text);
  const auto mac = from_base64url(whole.substr(0, mac_length));
  const auto token = whole.size() > mac_length ? from_base64url(whole.substr(mac_length)) : std::nullopt;
  if (mac && token) {
    const auto expected = mac_of(stream, group, *token);
    if (mac->size() == expected.size() && CRYPTO_memcmp(mac->data(), expected.data(), expected.size()) == 0)
      return {*token};
  }
  throw Problem(400, "invalid_token",
                "this is no delivery token of this group: pass on the text that fetch returned, unchanged, to the same "
                "stream and group");
}

}  // namespace collective::service
