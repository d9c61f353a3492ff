#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collective/catalog/streams.hpp"
#include "collective/event_type.hpp"

namespace collective {

enum class Tier : std::uint8_t { sovereign_circle = 1, individual_pro };
BOOST_DESCRIBE_ENUM(Tier, sovereign_circle, individual_pro)

/// A new user registered.
struct UserRegistered {
  static constexpr EventType event{"user.registered", streams::user};

  Id user_id;
  Email email;
  Tier tier;
  std::optional<std::string> referral_source{};  ///< where the user came from, for example "website_signup"

  bool operator==(const UserRegistered&) const = default;
};
BOOST_DESCRIBE_STRUCT(UserRegistered, (), (user_id, email, tier, referral_source))

/// A user logged in, or tried to.
struct UserLogin {
  static constexpr EventType event{"user.login", streams::user};

  Id user_id;
  std::string ip_address;
  std::string user_agent;
  bool success;

  bool operator==(const UserLogin&) const = default;
};
BOOST_DESCRIBE_STRUCT(UserLogin, (), (user_id, ip_address, user_agent, success))

/// A user changed settings.
struct UserPreferencesUpdated {
  static constexpr EventType event{"user.preferences.updated", streams::user};

  Id user_id;
  std::vector<std::string> changed_fields;
  Json old_values;
  Json new_values;

  bool operator==(const UserPreferencesUpdated&) const = default;
};
BOOST_DESCRIBE_STRUCT(UserPreferencesUpdated, (), (user_id, changed_fields, old_values, new_values))

/// A user's record changed. Every member beside `user_id` is up to the publisher.
struct UserUpdated {
  static constexpr EventType event{"user.updated", streams::user};

  Id user_id;
  ExtraFields fields{};  ///< what changed, for example {"display_name": "Ada"}

  bool operator==(const UserUpdated&) const = default;
};
BOOST_DESCRIBE_STRUCT(UserUpdated, (), (user_id, fields))

}  // namespace collective
