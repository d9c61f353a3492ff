#include "event/given_id.hpp"

#include <set>

#include <gtest/gtest.h>

#include "collective/ulid.hpp"

#include "runtime/unknown_outcome.hpp"

namespace collective::event {
namespace {

TEST(GivenId, IsAUlidThatGrowsAndCanBeToldFromAChosenOne) {
  UlidGenerator ids;
  std::string before;
  for (int i = 0; i < 10'000; ++i) {
    const auto id = given_id(ids, "user.events");
    ASSERT_TRUE(is_ulid(id)) << id;
    ASSERT_TRUE(is_given_id(id, "user.events")) << id;
    ASSERT_LT(before, id);
    before = id;
  }
  EXPECT_LT(*ulid_time(before), std::chrono::system_clock::now() + std::chrono::seconds(1));
}

TEST(GivenId, ItsMarkNeverChanges) {
  EXPECT_TRUE(is_given_id("01KFYB2B002DHEA55555555555", "user.events"));
}

TEST(GivenId, OthersAreNone) {
  UlidGenerator ids;
  for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(is_given_id(new_ulid(), "user.events"));
  EXPECT_FALSE(is_given_id(given_id(ids, "user.events"), "ai.events"))
      << "copied to another stream, it is a first publish";
  EXPECT_FALSE(is_given_id("", "user.events"));
  EXPECT_FALSE(is_given_id("order-42", "user.events"));
}

TEST(UnknownOutcome, OnlyAGivenIdIsLookedForFromJustBeforeItWasMade) {
  UlidGenerator ids;
  EXPECT_EQ(runtime::look_back_for(new_ulid(), "user.events"), std::nullopt);
  const auto id = given_id(ids, "user.events");
  const auto from = runtime::look_back_for(id, "user.events");
  ASSERT_TRUE(from);
  EXPECT_EQ(*from, EntryId::at(*ulid_time(id) - std::chrono::seconds(10)));
}

TEST(UnknownOutcome, TheMessageOfABatchNamesEveryEvent) {
  const broker::Failure failure{Errc::unknown, "no answer"};
  const auto text = runtime::undelivered(failure, {{"id-1", {}, false}, {"id-2", {}, false}}, false);
  EXPECT_NE(text.find("id-1, id-2"), std::string::npos) << text;
  EXPECT_EQ(runtime::undelivered({Errc::full, "full"}, "id-1", false), "full");
}

}  // namespace
}  // namespace collective::event
