#include "engine/answer_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace collective::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Envelope event(const std::string& type, const std::string& correlation, const std::string& cause = "") {
  Envelope e;
  e.type = type;
  e.correlation_id = correlation;
  if (!cause.empty()) e.metadata = R"({"causation_id":")" + cause + R"("})";
  return e;
}

std::vector<AnswerTable::Id> answered(const AnswerTable& table, const Envelope& e) {
  std::vector<AnswerTable::Id> ids;
  table.offer(e, ids);
  return ids;
}

TEST(AnswerTable, AWaitIsAnsweredByItsTypeAndCorrelationId) {
  AnswerTable table;
  table.add(1, {"done", "c-1", ""});
  EXPECT_THAT(answered(table, event("done", "c-1")), ElementsAre(1));
  EXPECT_THAT(answered(table, event("done", "c-2")), IsEmpty());
  EXPECT_THAT(answered(table, event("started", "c-1")), IsEmpty());
}

TEST(AnswerTable, ARequestIsAnsweredByItsCauseAloneWhenTheAnswerNamesOne) {
  AnswerTable table;
  table.add(1, {"done", "c-1", "request-a"});
  table.add(2, {"done", "c-1", "request-b"});
  EXPECT_THAT(answered(table, event("done", "c-1", "request-b")), ElementsAre(2));
  EXPECT_THAT(answered(table, event("done", "c-1", "request-c")), IsEmpty());
}

TEST(AnswerTable, ARequestIsAnsweredByTheCorrelationIdWhenTheAnswerNamesNoCause) {
  AnswerTable table;
  table.add(1, {"done", "c-1", "request-a"});
  EXPECT_THAT(answered(table, event("done", "c-1")), ElementsAre(1));
}

TEST(AnswerTable, OneEventAnswersEveryWaitForItOnce) {
  AnswerTable table;
  table.add(1, {"done", "c-1", ""});
  table.add(2, {"done", "c-1", "request-a"});
  EXPECT_THAT(answered(table, event("done", "c-1", "request-a")), ::testing::UnorderedElementsAre(1, 2));
}

TEST(AnswerTable, ARemovedWaitIsOutOnce) {
  AnswerTable table;
  table.add(1, {"done", "c-1", "request-a"});
  EXPECT_TRUE(table.remove(1));
  EXPECT_FALSE(table.remove(1));
  EXPECT_THAT(answered(table, event("done", "c-1")), IsEmpty());
  EXPECT_EQ(table.size(), 0u);
}

}  // namespace
}  // namespace collective::engine
