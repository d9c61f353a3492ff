#include "event/sha256.hpp"

#include <array>

#include <openssl/evp.h>

#include "collective/error.hpp"

namespace collective::event {

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, 32> digest;
  unsigned int length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
    throw Error(Errc::internal, "OpenSSL cannot compute SHA-256; check that its default provider is loaded");
  }
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

}  // namespace collective::event
