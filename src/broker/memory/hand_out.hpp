#pragma once

#include "broker/memory/state.hpp"

namespace collective::memory {

/// Hands out work to one member during one exchange.
class HandOut {
 public:
  HandOut(Stream& stream, Group& group, const broker::Exchange& request, broker::Exchanged& answer);

  void recover();
  void unordered();
  void ordered();

 private:
  using At = std::map<broker::WorkId, Pending>::iterator;

  [[nodiscard]] bool full() const;
  [[nodiscard]] bool takes(std::string_view route) const;
  void deliver(At at);
  void give_due(std::uint32_t quota, bool side_only);
  bool give_in_order();
  void give_replay();
  void give_new();
  bool pass_entry(const LogEntry& entry, bool replayed);
  void say_what_remains(bool side_only);

  Stream& stream_;
  Group& group_;
  const broker::Exchange& request_;
  broker::Exchanged& answer_;
  std::shared_ptr<std::vector<EventPointer>> storage_ = std::make_shared<std::vector<EventPointer>>();
  std::uint32_t given_ = 0;
  std::uint32_t suspects_ = 0;
  std::size_t bytes_ = 0;
  std::size_t passes_left_;
};

}  // namespace collective::memory
