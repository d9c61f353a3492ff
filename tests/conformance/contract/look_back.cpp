// An event may be stored under an id that the store does not remember, because nobody chose it. Published again under that
// id, it is looked for in the log, and stored once.
#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

class LookBack : public ContractTest {
 protected:
  /// The event as it was published before, without a chosen id.
  Envelope before(const std::string& id) {
    auto one = event();
    one.id = id;
    return one;
  }
  EntryId stored_before(const std::string& id) { return store().append(batch({before(id)})).value().front().id; }
  AppendBatch again(const std::string& id, EntryId from = {}) {
    auto one = batch();
    one.events.push_back({before(id), {}, true, from});
    return one;
  }
  std::uint64_t length() { return store().stream_info("things").value().length; }
};
COLLECTIVE_ON_EVERY_STORE(LookBack);

TEST_P(LookBack, FindsAnEventWhoseIdNobodyRemembers) {
  append_some(3);
  const auto place = stored_before("e");
  append_some(3);
  const auto answer = store().append(again("e")).value().at(0);
  EXPECT_EQ(answer.id, place);
  EXPECT_TRUE(answer.duplicate);
  EXPECT_EQ(length(), 7u);
}

TEST_P(LookBack, StoresOneThatIsNotThereAndRemembersItFromThenOn) {
  append_some(3);
  const auto stored = store().append(again("e")).value().at(0);
  EXPECT_FALSE(stored.duplicate);
  const auto repeated = store().append(again("e", stored.id)).value().at(0);
  EXPECT_TRUE(repeated.duplicate);
  EXPECT_EQ(repeated.id, stored.id);
  EXPECT_EQ(length(), 4u);
}

TEST_P(LookBack, BeginsAfterTheEntryItNames) {
  const auto place = stored_before("e");
  now += seconds(1);
  append();
  EXPECT_FALSE(store().append(again("e", place)).value().at(0).duplicate);
}

TEST_P(LookBack, AStreamThatDoesNotExistHoldsNothing) {
  EXPECT_FALSE(store().append(again("e")).value().at(0).duplicate);
  EXPECT_EQ(length(), 1u);
}

TEST_P(LookBack, IsUnknownWhenEntriesInWhichItMayHaveBeenAreTrimmed) {
  const auto first = append();
  now += seconds(1);
  stored_before("trimmed");
  now += seconds(1);
  const auto kept = append();
  trim({.max_length = 1});
  const auto failure = store().append(again("trimmed", first)).error();
  EXPECT_EQ(failure.code, Errc::unknown);
  EXPECT_THAT(failure.message, HasSubstr("trimmed"));
  EXPECT_EQ(length(), 1u) << "nothing was stored";
  EXPECT_FALSE(store().append(again("later", kept)).value().at(0).duplicate) << "what came after is all there";
}

TEST_P(LookBack, WhatIsFoundIsFoundHoweverMuchIsTrimmed) {
  append_some(3);
  const auto place = stored_before("e");
  trim({.max_length = 1});
  EXPECT_EQ(store().append(again("e")).value().at(0).id, place);
}

TEST_P(LookBack, TakesNoRoomUnderAHardCapWhenItIsThere) {
  stored_before("e");
  auto capped = again("e");
  capped.hard_cap = 1;
  EXPECT_TRUE(store().append(capped).value().at(0).duplicate);
}

TEST_P(LookBack, AnIdIsStoredOnceAlsoWithinABatch) {
  stored_before("old");
  auto several = again("old");
  for (const char* id : {"new", "new", "old"}) several.events.push_back({before(id), {}, true, EntryId{}});
  const auto answer = store().append(several).value();
  EXPECT_TRUE(answer[0].duplicate);
  EXPECT_FALSE(answer[1].duplicate);
  EXPECT_TRUE(answer[2].duplicate);
  EXPECT_TRUE(answer[3].duplicate);
  EXPECT_EQ(length(), 2u);
}

TEST_P(LookBack, ADelayedEventIsRememberedFromWhenItIsDue) {
  auto delayed = again("e");
  delayed.events[0].not_before = now + hours(1);
  delayed.events[0].look_back.reset();
  store().append(delayed).value();
  now += hours(1) + minutes(9);
  promote();
  trim({.max_length = 0});
  EXPECT_TRUE(store().append(again("e", EntryId::at(now))).value().at(0).duplicate);
}

}  // namespace
}  // namespace collective::conformance
