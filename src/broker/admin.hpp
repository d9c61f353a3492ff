#pragma once

#include "collective/finding.hpp"
#include "collective/info.hpp"

#include "broker/contract.hpp"

// What people and tools ask of a store beyond delivery: an ability of its own, so that the contract stays small.
namespace collective::broker {

using collective::GroupInfo;
using collective::MemberInfo;
using collective::RouteInfo;
using collective::StreamInfo;

struct PendingInfo {
  Ticket ticket{};
  std::string member{};  ///< empty when parked
  Progress progress{};
};
struct DeadLetter {
  std::uint64_t number = 0;  ///< grows per group; names it for republish and discard
  EntryId id{};              ///< the entry it came from
  Entry entry{};             ///< a copy of the event, kept also when the stream is trimmed
  Progress progress{};       ///< attempts and history when it died
  std::string reason{};
  Timestamp died{};
};
struct DeadLetterPage {
  std::vector<DeadLetter> letters{};
  Storage storage{};
};

class Admin {
 public:
  virtual ~Admin() = default;

  virtual void streams(Reply<std::vector<std::string>>) = 0;
  virtual void stream_info(const std::string& stream, Reply<StreamInfo>) = 0;  ///< Errc::not_found
  virtual void groups(const std::string& stream, Timestamp now,
                      Reply<std::vector<GroupInfo>>) = 0;  ///< Errc::not_found
  virtual void pending(GroupKey, WorkId after, std::size_t limit, Reply<std::vector<PendingInfo>>) = 0;
  virtual void dead_letters(GroupKey, std::uint64_t after, std::size_t limit, Reply<DeadLetterPage>) = 0;
  /// Moves each letter to the group's side stream with attempts 0 and one more generation; unknown numbers are
  /// skipped, so a repeated call doubles nothing. Returns how many moved.
  virtual void republish(GroupKey, std::vector<std::uint64_t> numbers, Timestamp now, Reply<std::uint64_t>) = 0;
  virtual void discard(GroupKey, std::vector<std::uint64_t> numbers, Reply<std::uint64_t>) = 0;
  /// Hands out the group's retained entries in (after, cursor] once more, as side work beside new ones. What is still
  /// pending of the log is not doubled. Errc::conflict while an earlier replay runs. Returns the number of entries in the range.
  virtual void replay(GroupKey, EntryId after, Reply<std::uint64_t>) = 0;
  /// Takes a declared route from the group: its waiting work is settled as skipped. Returns how many.
  virtual void forget(GroupKey, const std::string& route, Reply<std::uint64_t>) = 0;
  virtual void destroy_group(GroupKey, Reply<bool>) = 0;
  /// What is unsafe about the store itself.
  virtual void diagnose(Reply<std::vector<Finding>>) = 0;
};

/// A store as the composition root hands it out: both abilities of one object, and what people are told of it.
struct Store {
  std::shared_ptr<Broker> broker{};
  std::shared_ptr<Admin> admin{};
  std::string description{};  ///< for example "embedded:/var/lib/app (sync=commit)"
  std::string survives{};     ///< what a returned publish survives, in words
};

}  // namespace collective::broker
