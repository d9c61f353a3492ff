#pragma once

#include <string>
#include <string_view>

#include "collective/delivery.hpp"
#include "collective/ulid.hpp"

#include "broker/contract.hpp"
#include "runtime/clock.hpp"

namespace collective::runtime {

/// One event on its way out: completed, checked, ready to be copied into a batch. Borrows what the caller gave, and
/// holds what was made for it, so it stays where it was made.
class Outgoing {
 public:
  /// `ids` gives it one unless the publish chose it. @throws Error Errc::invalid, Errc::too_large, Errc::loop
  Outgoing(const Options& options, UlidGenerator& ids, Timestamp now, const TypeDescriptor& type, std::string data,
           std::string_view data_user_id, const PublishOptions& publish, const Cause* cause);
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;

  [[nodiscard]] const broker::Append& append() const { return append_; }
  [[nodiscard]] std::string_view event_id() const { return append_.event.id; }
  [[nodiscard]] std::string_view correlation_id() const { return append_.event.correlation_id; }

 private:
  std::string id_;
  std::string data_;
  std::string metadata_;
  broker::Append append_;
};

/// The correlation id by which a wait looks back to this publish; empty for an event that another one caused: it is no
/// question that its publisher waits for, but may come after the answer.
[[nodiscard]] std::string waited_for(const EnvelopeView& event);

}  // namespace collective::runtime
