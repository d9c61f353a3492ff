#include <gtest/gtest.h>

#include "collective/error.hpp"

#include "event/metadata.hpp"

namespace collective::event {
namespace {

const Metadata full{.causation_id = "01ARYZ6S41TSV4RRFFQ69G5FAV",
                    .hops = 3,
                    .path = "file.uploaded > file.processing.completed",
                    .key = "user \"7\"",
                    .source = "api",
                    .traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"};

TEST(EventMetadata, ComesBackAsItWas) {
  const std::string text = write_metadata("", full);
  EXPECT_EQ(
      text,
      R"({"causation_id":"01ARYZ6S41TSV4RRFFQ69G5FAV","hops":3,"path":"file.uploaded > file.processing.completed",)"
      R"("key":"user \"7\"","source":"api","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})");
  EXPECT_EQ(read_metadata(text), full);
  EXPECT_EQ(ordering_key(text), "user \"7\"");
  EXPECT_EQ(causation_id(text), "01ARYZ6S41TSV4RRFFQ69G5FAV");
}

TEST(EventMetadata, IsEmptyWhenThereIsNothing) {
  for (const char* user : {"", "{}", " { } "}) EXPECT_EQ(write_metadata(user, {}), "") << user;
  EXPECT_EQ(read_metadata(""), Metadata{});
  EXPECT_EQ(ordering_key(""), "");
  EXPECT_EQ(causation_id(""), "");
}

TEST(EventMetadata, KeepsTheUsersMembersBesideOurs) {
  EXPECT_EQ(write_metadata(R"({ "tenant": {"id": 1}, "source": "theirs", "traceparent": "tp" })", {.source = "api"}),
            R"({"source":"api","tenant":{"id": 1},"traceparent":"tp"})")
      << "ours win where they are set; the user's trace context stays where they are not";
  EXPECT_EQ(write_metadata(R"({"k\u0065y":"old"})", {.key = "new"}), R"({"key":"new"})");
}

TEST(EventMetadata, TheChainOfCausesIsNeverTheUsersToSay) {
  const std::string copied = write_metadata(R"({"tenant":1})", full);
  EXPECT_EQ(read_metadata(write_metadata(copied, {})).hops, 0U);
  EXPECT_EQ(read_metadata(write_metadata(copied, {})).path, "");
  EXPECT_EQ(read_metadata(write_metadata(copied, {})).causation_id, "");
  EXPECT_EQ(read_metadata(write_metadata(copied, {})).key, full.key);
}

TEST(EventMetadata, RefusesAUsersTextThatIsNoObject) {
  for (const char* user : {"[]", "nonsense", "{", "{} {}"}) EXPECT_THROW((void)write_metadata(user, {}), Error) << user;
}

TEST(EventMetadata, ReadingGoesOnWhereMembersAreOfAnotherKind) {
  EXPECT_EQ(read_metadata(R"({"causation_id":5,"hops":"3","key":null,"path":["x"],"source":"api"})"),
            (Metadata{.source = "api"}));
  EXPECT_EQ(read_metadata(R"({"hops":-1})").hops, 0U);
  for (const char* text : {"[]", "nonsense", R"({"source":"api","broken)", "{\"source\":\"\xFF\"}"}) {
    EXPECT_EQ(read_metadata(text), Metadata{}) << text;
  }
}

TEST(EventMetadata, AnEventIsTheCauseOfWhatItsHandlerPublishes) {
  Envelope event;
  event.id = "e2";
  event.type = "file.processing.completed";
  event.correlation_id = "c";
  event.user_id = "u";
  event.metadata = write_metadata("", {.causation_id = "e1", .hops = 1, .path = "file.uploaded"});
  const Cause cause = cause_of(event);
  EXPECT_EQ(cause.event_id, "e2");
  EXPECT_EQ(cause.correlation_id, "c");
  EXPECT_EQ(cause.user_id, "u");
  EXPECT_EQ(cause.hops, 1U);
  EXPECT_EQ(cause.path, "file.uploaded > file.processing.completed");
  event.metadata.clear();
  EXPECT_EQ(cause_of(event).path, "file.processing.completed");
}

TEST(EventMetadata, ALoopsPathStopsGrowing) {
  Envelope event;
  event.type = "user.updated";
  std::size_t longest = 0;
  for (std::uint32_t hops = 0; hops < 1'000; ++hops) {
    const Cause cause = cause_of(event);
    event.metadata = write_metadata("", {.hops = hops + 1, .path = cause.path});
    longest = std::max(longest, cause.path.size());
  }
  EXPECT_LT(longest, 2'300U);
}

TEST(EventMetadata, OfSeveralMembersOfOneNameTheFirstCountsForEveryReader) {
  const std::string twice = R"({"key":7,"key":"a","key":"b"})";
  EXPECT_EQ(event::ordering_key(twice), "a");
  EXPECT_EQ(event::read_metadata(twice).key, "a");
}

}  // namespace
}  // namespace collective::event
