#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collective/envelope.hpp"

namespace collective::engine {

/// What a wait is for. `request_id` set: an answer to that request, which names it as its cause, or names no cause and
/// carries the correlation id. Empty: any event of the type with the correlation id.
struct Wanted {
  std::string type;
  std::string correlation_id;
  std::string request_id;
};

/// True when this event is what is wanted. `causation_id` is empty when the event names no cause.
[[nodiscard]] bool answers(const Wanted& wanted, std::string_view type, std::string_view correlation_id,
                           std::string_view causation_id);

/// The waits of one stream, found by an event in constant time however many there are. Pure; not thread-safe.
class AnswerTable {
 public:
  using Id = std::uint64_t;

  void add(Id id, Wanted wanted);
  /// The one way out, for an answer, a timeout, a cancellation and the close alike. False when it was out already.
  bool remove(Id id);
  /// The waits that this event answers; they stay until removed.
  void offer(const EnvelopeView& event, std::vector<Id>& answered) const;

  [[nodiscard]] std::size_t size() const { return waits_.size(); }
  [[nodiscard]] std::vector<Id> all() const;

 private:
  std::unordered_map<Id, Wanted> waits_;
  std::unordered_multimap<std::string, Id> by_correlation_;
  std::unordered_multimap<std::string, Id> by_request_;
};

}  // namespace collective::engine
