#pragma once

#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/work.hpp"

namespace collective::engine {

/// Work that was delivered to this process and waits for a handler.
class Backlog {
 public:
  virtual ~Backlog() = default;

  virtual void push(Work work) = 0;
  /// Takes up to `max` pieces for one subscription. Retried and suspect work comes alone.
  virtual std::vector<Work> take(std::uint32_t subscription, std::size_t max, Timestamp now) = 0;
  /// Ordered: puts failed work back at the head of its key, not to be taken before its due time.
  virtual void hold(Work work) = 0;
  /// Ordered: the work is settled for good; its key goes on.
  virtual void done(const Work& work) = 0;
  /// Ordered: takes failed work from the head of its key for good. False when its next try has begun.
  virtual bool withdraw(const Work& work) = 0;
  /// Forgets everything that waits and returns it.
  virtual std::vector<Work> clear() = 0;
  virtual std::vector<Work> clear(std::uint32_t subscription) = 0;

  [[nodiscard]] virtual std::size_t waiting() const = 0;
  [[nodiscard]] virtual std::size_t waiting(std::uint32_t subscription) const = 0;
  /// When the first piece waiting for this subscription arrived.
  [[nodiscard]] virtual std::optional<Nanos> oldest(std::uint32_t subscription) const = 0;
  /// Of what waits for this subscription, how much does not have to wait for the due time of a held key.
  [[nodiscard]] virtual std::size_t ready(std::uint32_t subscription, Timestamp now) const = 0;
  /// Ordered: when, after `now`, the next held key may go on.
  [[nodiscard]] virtual std::optional<Timestamp> due(Timestamp now) const = 0;
  virtual void for_each(const std::function<void(const Work&)>& visit) const = 0;
};

/// First come, first served, one queue per subscription; suspects go first, since their start mark is stored.
std::unique_ptr<Backlog> make_unordered_backlog();

/// One lane per key; the head of a lane runs alone, and what fails stays at the head until it is settled.
std::unique_ptr<Backlog> make_ordered_backlog();

}  // namespace collective::engine
