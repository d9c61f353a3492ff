#include "collective/trace.hpp"

#include <gtest/gtest.h>

namespace collective {
namespace {

AnyEvent event(const std::string& id, int at, const std::string& cause = "") {
  Envelope envelope;
  envelope.id = id;
  envelope.stream = "s";
  envelope.type = "t";
  envelope.timestamp = Timestamp(std::chrono::milliseconds(at));
  if (!cause.empty()) envelope.metadata = R"({"causation_id":")" + cause + "\"}";
  return {EntryId{static_cast<std::uint64_t>(at), 0}, std::move(envelope)};
}

std::string shape(const std::vector<TracedEvent>& events) {
  std::string text;
  for (const auto& one : events) text += std::string(one.depth, '>') + one.event.envelope.id + " ";
  return text;
}

TEST(CausalOrder, EachEventFollowsItsCauseAndBrothersKeepTheirTime) {
  const auto events = order_causally({event("d", 4, "b"), event("c", 3, "a"), event("b", 2, "a"), event("a", 1)});
  EXPECT_EQ(shape(events), "a >b >>d >c ");
  EXPECT_EQ(events[2].cause, std::size_t{1});
  EXPECT_EQ(events[3].cause, std::size_t{0});
  EXPECT_FALSE(events[0].cause);
}

TEST(CausalOrder, WhoseCauseIsElsewhereStandsByItsTime) {
  EXPECT_EQ(shape(order_causally({event("b", 2, "elsewhere"), event("a", 1)})), "a b ");
}

TEST(CausalOrder, ACircleLosesNothing) {
  EXPECT_EQ(shape(order_causally({event("a", 1, "b"), event("b", 2, "a"), event("c", 3, "c")})), "a >b c ");
}

TEST(CausalOrder, AClockBehindPutsNoEventBeforeItsCause) {
  EXPECT_EQ(shape(order_causally({event("a", 5), event("b", 1, "a"), event("c", 7)})), "a >b c ");
}

TEST(CausalOrder, EventsOfOneMomentAreOrderedByTheirEntry) {
  EXPECT_EQ(shape(order_causally({event("b", 1, "a"), event("a", 1)})), "a >b ");
}

}  // namespace
}  // namespace collective
