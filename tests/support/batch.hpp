#pragma once

#include <optional>
#include <string>
#include <vector>

#include "broker/contract.hpp"

namespace collective::testing_support {

/// An append batch that a test can change before it hands it over.
struct Batch {
  struct One {
    Envelope event{};
    Timestamp not_before{};
    bool deduplicate = false;
    std::optional<EntryId> look_back{};
  };
  std::string stream{};
  std::vector<One> events{};
  Timestamp now{};
  std::uint64_t hard_cap = 0;
  broker::Millis duplicate_window{600'000};

  operator broker::AppendBatch() const {  // NOLINT(google-explicit-constructor): that is what it is for
    broker::AppendBatch batch;
    batch.stream = stream;
    batch.now = now;
    batch.hard_cap = hard_cap;
    batch.duplicate_window = duplicate_window;
    for (const auto& one : events) batch.add(one.event, one.not_before, one.deduplicate, one.look_back);
    return batch;
  }
};

}  // namespace collective::testing_support
