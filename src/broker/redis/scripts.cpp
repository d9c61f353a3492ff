#include "broker/redis/scripts.hpp"

#include <openssl/evp.h>

#include "broker/redis/redis_scripts_text.hpp"

namespace collective::redis {
namespace {

std::string sha1_of(const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  static constexpr char hex[] = "0123456789abcdef";
  std::string name;
  for (unsigned int i = 0; i < size; ++i) name.append({hex[digest[i] >> 4], hex[digest[i] & 15]});
  return name;
}

Script script(std::string_view flags, std::initializer_list<std::string_view> parts) {
  std::string text = "#!lua" + (flags.empty() ? std::string() : " flags=" + std::string(flags)) + "\n";
  for (const auto part : parts) text.append(part);
  auto sha = sha1_of(text);
  return {std::move(text), std::move(sha)};
}

// What takes work from the store may go beyond its limit of memory: else a full store could never be emptied.
constexpr std::string_view grows = "";
constexpr std::string_view drains = "allow-oom";
constexpr std::string_view reads = "no-writes";

}  // namespace

const Scripts& scripts() {
  static const Scripts all{
      .append = script(grows, {stream_lua, append_lua}),
      .join = script(drains, {stream_lua, group_lua, join_lua}),
      .leave = script(drains, {stream_lua, group_lua, leave_lua}),
      .exchange = script(drains, {stream_lua, group_lua, exchange_lua}),
      .read = script(reads, {stream_lua, read_lua}),
      .upkeep = script(drains, {stream_lua, upkeep_lua}),
      .stream_info = script(reads, {stream_lua, stream_info_lua}),
      .groups = script(reads, {stream_lua, groups_lua}),
      .pending = script(reads, {stream_lua, group_lua, pending_lua}),
      .dead_letters = script(reads, {stream_lua, group_lua, dead_letters_lua}),
      .republish = script(drains, {stream_lua, group_lua, republish_lua}),
      .discard = script(drains, {stream_lua, group_lua, discard_lua}),
      .replay = script(drains, {stream_lua, group_lua, replay_lua}),
      .forget = script(drains, {stream_lua, group_lua, forget_lua}),
      .destroy = script(drains, {stream_lua, group_lua, destroy_lua}),
  };
  return all;
}

}  // namespace collective::redis
