#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/contract.hpp"
#include "broker/rules.hpp"

// Names become parts of keys, so they have a longest length, the same on every broker. Each check returns what is
// wrong, or nothing.
namespace collective::broker {

inline std::optional<Failure> check_length(std::string_view what, std::string_view name) {
  if (name.size() <= longest_name) return std::nullopt;
  return Failure{Errc::invalid, "the name of a " + std::string(what) + " is " + std::to_string(name.size()) +
                                    " bytes long; at most " + std::to_string(longest_name) + " are allowed"};
}

inline std::optional<Failure> check_name(std::string_view what, std::string_view name) {
  if (name.empty()) return Failure{Errc::invalid, "the name of a " + std::string(what) + " is empty; give it one"};
  return check_length(what, name);
}

inline std::optional<Failure> check_names(const GroupKey& key) {
  if (auto wrong = check_name("stream", key.stream)) return wrong;
  return check_name("group", key.group);
}

inline std::optional<Failure> check_names(const GroupKey& key, std::string_view other) {
  if (auto wrong = check_names(key)) return wrong;
  return check_name("member or route", other);
}

inline std::optional<Failure> check_names(const AppendBatch& batch) {
  for (const auto& one : batch.events()) {
    if (auto wrong = check_length("event's type", one.event.type)) return wrong;
    if (!one.deduplicate) continue;
    if (auto wrong = check_name("event (its id)", one.event.id)) return wrong;
  }
  return check_name("stream", batch.stream);
}

inline std::optional<Failure> check_names(const Join& request) {
  for (const auto& route : request.routes) {
    if (auto wrong = check_name("route", route)) return wrong;
  }
  for (const auto& label : request.labels) {
    if (auto wrong = check_name("label", label)) return wrong;
  }
  return check_names(request.key, request.member);
}

inline std::optional<Failure> check_names(const Exchange& request) {
  for (const auto& settlement : request.settlements) {
    if (auto wrong = check_length("route", settlement.progress.route)) return wrong;
  }
  return check_names(request.key, request.member);
}

}  // namespace collective::broker
