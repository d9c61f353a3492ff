#include "engine/attempt_history.hpp"

#include <gtest/gtest.h>

namespace collective::engine {
namespace {

Attempt attempt(std::uint32_t number, std::string error = "no answer") {
  return {number, Timestamp(std::chrono::milliseconds(1'700'000'000'000 + number)), "mail-1", std::move(error),
          std::chrono::microseconds(1'250)};
}

TEST(AttemptHistory, ComesBackAsItWasWritten) {
  const auto text = with_attempt(with_attempt("", attempt(1)), attempt(2, "a \"quoted\" reason"));
  EXPECT_EQ(
      text,
      R"([{"attempt":1,"at":"2023-11-14T22:13:20.001Z","consumer":"mail-1","error":"no answer","took_ms":1.25},)"
      R"({"attempt":2,"at":"2023-11-14T22:13:20.002Z","consumer":"mail-1","error":"a \"quoted\" reason","took_ms":1.25}])");
  const auto history = read_history(text);
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[1].number, 2u);
  EXPECT_EQ(history[1].at, attempt(2).at);
  EXPECT_EQ(history[1].consumer, "mail-1");
  EXPECT_EQ(history[1].error, "a \"quoted\" reason");
  EXPECT_EQ(history[1].took, std::chrono::microseconds(1'250));
}

TEST(AttemptHistory, TellsOfStallsThatNobodyWroteDownOnce) {
  const auto seen = Timestamp(std::chrono::milliseconds(1'700'000'000'500));
  const auto once = with_stalls(with_attempt("", attempt(1)), 1, 2, seen);
  EXPECT_EQ(with_stalls(once, 1, 2, seen), once);
  const auto history = read_history(with_stalls(once, 3, 2, seen));
  ASSERT_EQ(history.size(), 4u);
  for (std::uint32_t stall = 0; stall < 4; ++stall) EXPECT_EQ(history[stall].stall, stall);
  EXPECT_EQ(history[3].number, 2u);
  EXPECT_EQ(history[3].at, seen);
  EXPECT_EQ(history[3].consumer, "");
  EXPECT_EQ(with_stalls("", 0, 1, seen), "");
}

TEST(AttemptHistory, StaysBoundedAndKeepsTheFirst) {
  std::string text;
  for (std::uint32_t n = 1; n <= 500; ++n) text = with_attempt(text, attempt(n, std::string(5'000, 'x')));
  const auto history = read_history(text);
  ASSERT_EQ(history.size(), 50u);
  EXPECT_EQ(history.front().number, 1u);
  EXPECT_EQ(history.back().number, 500u);
  EXPECT_EQ(history.back().error.size(), 1'024u);
}

TEST(AttemptHistory, HoldsErrorsThatAreNoUtf8) {
  const auto history = read_history(with_attempt("", attempt(1, "caf\xE9")));
  ASSERT_EQ(history.size(), 1u);
  EXPECT_EQ(history[0].error, "caf?");
}

TEST(AttemptHistory, ReadsWhatItCanOfForeignText) {
  EXPECT_TRUE(read_history("").empty());
  EXPECT_TRUE(read_history("nonsense").empty());
  const auto history = read_history(R"([{"attempt":"x","error":7,"new":{"a":[]},"consumer":"c"}, 5])");
  ASSERT_EQ(history.size(), 1u);
  EXPECT_EQ(history[0].number, 0u);
  EXPECT_EQ(history[0].consumer, "c");
}

TEST(AttemptHistory, CutsALongerHistoryOfAnotherVersionToo) {
  std::string foreign = R"([{"attempt":1})";
  for (int i = 0; i < 200; ++i) foreign += R"(,{"attempt":2})";
  EXPECT_EQ(read_history(with_attempt(foreign + "]", attempt(3))).size(), 50u);
}

}  // namespace
}  // namespace collective::engine
