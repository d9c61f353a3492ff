#include "broker/embedded/names.hpp"

#include <string>

#include "broker/rules.hpp"

namespace collective::embedded {
namespace {

using broker::Failure;

std::optional<Failure> too_long(std::string_view what, std::string_view name) {
  if (name.size() <= broker::longest_name) return std::nullopt;
  return Failure{Errc::invalid, "the name of a " + std::string(what) + " is " + std::to_string(name.size()) +
                                    " bytes long; at most " + std::to_string(broker::longest_name) + " are allowed"};
}

}  // namespace

std::optional<Failure> check_name(std::string_view what, std::string_view name) {
  if (name.empty()) return Failure{Errc::invalid, "the name of a " + std::string(what) + " is empty; give it one"};
  return too_long(what, name);
}

std::optional<Failure> check_names(const broker::GroupKey& key) {
  if (auto wrong = check_name("stream", key.stream)) return wrong;
  return check_name("group", key.group);
}

std::optional<Failure> check_names(const broker::GroupKey& key, std::string_view other) {
  if (auto wrong = check_names(key)) return wrong;
  return check_name("member or route", other);
}

std::optional<Failure> check_names(const broker::AppendBatch& batch) {
  for (const auto& one : batch.events()) {
    if (auto wrong = too_long("event's type", one.event.type)) return wrong;
    if (!one.deduplicate) continue;
    if (auto wrong = check_name("event (its id)", one.event.id)) return wrong;
  }
  return check_name("stream", batch.stream);
}

std::optional<Failure> check_names(const broker::Join& request) {
  for (const auto& route : request.routes) {
    if (auto wrong = check_name("route", route)) return wrong;
  }
  for (const auto& label : request.labels) {
    if (auto wrong = check_name("label", label)) return wrong;
  }
  return check_names(request.key, request.member);
}

std::optional<Failure> check_names(const broker::Exchange& request) {
  for (const auto& settlement : request.settlements) {
    if (auto wrong = too_long("route", settlement.progress.route)) return wrong;
  }
  return check_names(request.key, request.member);
}

}  // namespace collective::embedded
