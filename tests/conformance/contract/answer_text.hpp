#pragma once

#include <optional>
#include <string>
#include <vector>

#include "broker/admin.hpp"

// Answers as text, field by field: what two brokers say can be compared, and shown to a person.
namespace collective::conformance {

std::string text(bool value);
std::string text(std::uint64_t value);
std::string text(const std::string& value);
std::string text(EntryId id);
std::string text(Timestamp time);
std::string text(broker::Settled settled);
std::string text(const broker::Ticket& ticket);
std::string text(const broker::Progress& progress);
std::string text(const broker::Settlement& settlement);
std::string text(const broker::Entry& entry);
std::string text(const broker::Delivered& delivered);
std::string text(const broker::Appended& appended);
std::string text(const broker::Exchanged& answer);
std::string text(const broker::Page& page);
std::string text(const broker::GroupLoss& loss);
std::string text(const broker::UpkeepReport& report);
std::string text(const StreamInfo& info);
std::string text(const RouteInfo& info);
std::string text(const MemberInfo& info);
std::string text(const GroupInfo& info);
std::string text(const broker::PendingInfo& info);
std::string text(const broker::DeadLetter& letter);
std::string text(const broker::DeadLetterPage& page);

template <class T>
std::string text(const std::optional<T>& value) {
  return value ? text(*value) : "none";
}

template <class T>
std::string text(const std::vector<T>& list) {
  std::string all = "[";
  for (const auto& one : list) all += (all.size() > 1 ? ", " : "") + text(one);
  return all + "]";
}

/// Of a failure only its code is promised, not its words.
template <class T>
std::string text(const broker::Result<T>& result) {
  return result ? text(*result) : "error " + std::string(name(result.error().code));
}

}  // namespace collective::conformance
