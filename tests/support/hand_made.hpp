#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/member.hpp"

// For tests that drive the pure engine by hand: hand-made deliveries, and two clocks that move only when told to.
namespace collective::testing_support {

using broker::Delivered;
using Verdict = broker::Settlement::Verdict;
using engine::Nanos;
using engine::Now;

inline Nanos ms(std::int64_t count) {
  return Millis(count);
}

/// A moment `after` the test's beginning, on both clocks.
inline Now at(Nanos after) {
  const auto start = Timestamp(Millis(1'767'225'600'000));
  return {start + std::chrono::duration_cast<Millis>(after), std::chrono::seconds(1'000) + after};
}

/// Makes deliveries, and owns their text.
class Deliveries {
 public:
  struct Like {
    std::string type = "letter";
    std::string key{};
    std::uint32_t version = 1;
    broker::Progress progress{};
    bool side = false;
    std::string defect{};
  };

  Delivered make(std::uint64_t number, const Like& like) {
    auto text = std::make_unique<Text>();
    text->event.id = "event-" + std::to_string(number);
    text->event.type = like.type;
    text->event.version = like.version;
    if (!like.key.empty()) text->event.metadata = R"({"key":")" + like.key + R"("})";
    text->defect = like.defect;
    Delivered delivered;
    delivered.ticket = {{like.side ? EntryId{0, number} : EntryId{number, 0}, like.side}, ++tokens_};
    delivered.entry = {{number, 0}, text->event, text->defect};
    delivered.progress = like.progress;
    texts_.push_back(std::move(text));
    return delivered;
  }
  Delivered make(std::uint64_t number) { return make(number, Like{}); }
  Delivered keyed(std::uint64_t number, std::string key) { return make(number, {.key = std::move(key)}); }

  std::vector<Delivered> many(std::uint64_t first, std::uint64_t last) {
    std::vector<Delivered> all;
    for (auto number = first; number <= last; ++number) all.push_back(make(number));
    return all;
  }

 private:
  struct Text {
    Envelope event;
    std::string defect;
  };
  std::vector<std::unique_ptr<Text>> texts_;
  std::uint64_t tokens_ = 0;
};

inline std::uint64_t number_of(const engine::Work& work) {
  return work.delivered.entry.id.ms;
}

/// The entries that start, in the order of the starts.
inline std::vector<std::uint64_t> numbers(const std::vector<engine::Start>& starts) {
  std::vector<std::uint64_t> all;
  for (const auto& start : starts) {
    for (const auto& work : *start.work) all.push_back(number_of(work));
  }
  return all;
}

inline engine::Subscription subscription(std::uint32_t id = 1, std::uint32_t concurrency = 1,
                                         std::string type = "letter") {
  engine::Subscription made;
  made.id = id;
  made.routes = {{std::move(type), 1}};
  made.concurrency = concurrency;
  made.retry.jitter = 0;
  return made;
}

inline engine::Uniform middle() {
  return [] { return 0.5; };
}

}  // namespace collective::testing_support
