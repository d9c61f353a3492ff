#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

class Read : public ContractTest {
 protected:
  void SetUp() override {
    for (int i = 0; i < 5; ++i) {
      entries.push_back(append("a", std::string(100, ' ')));
      now += seconds(1);
    }
  }
  std::vector<EntryId> part(std::size_t first, std::size_t last) {
    return {entries.begin() + static_cast<std::ptrdiff_t>(first),
            entries.begin() + static_cast<std::ptrdiff_t>(last) + 1};
  }
  static std::vector<EntryId> reversed(std::vector<EntryId> list) { return {list.rbegin(), list.rend()}; }

  std::vector<EntryId> entries;
};
COLLECTIVE_ON_EVERY_STORE(Read);

TEST_P(Read, EverythingByDefault) {
  EXPECT_EQ(ids(read({.stream = "things"})), entries);
}

TEST_P(Read, AfterIsExclusiveUntilInclusive) {
  EXPECT_EQ(ids(read({.stream = "things", .after = entries[1], .until = entries[3]})), part(2, 3));
}

TEST_P(Read, BoundsNeedNotBeEntries) {
  const EntryId between{entries[1].ms + 1, 0};
  EXPECT_EQ(ids(read({.stream = "things", .after = between})), part(2, 4));
  EXPECT_EQ(ids(read({.stream = "things", .until = between})), part(0, 1));
}

TEST_P(Read, AnEmptyRangeIsEmpty) {
  EXPECT_THAT(read({.stream = "things", .after = entries[3], .until = entries[1]}).entries, IsEmpty());
  EXPECT_THAT(read({.stream = "things", .after = entries[3], .until = entries[1], .backwards = true}).entries,
              IsEmpty());
  EXPECT_THAT(read({.stream = "things", .after = EntryId::max()}).entries, IsEmpty());
  EXPECT_THAT(read({.stream = "things", .after = EntryId::max(), .backwards = true}).entries, IsEmpty());
}

TEST_P(Read, NoMoreThanTheLimit) {
  EXPECT_EQ(ids(read({.stream = "things", .limit = 2})), part(0, 1));
  EXPECT_THAT(read({.stream = "things", .limit = 0}).entries, IsEmpty());
}

TEST_P(Read, TheLimitOfBytesIsSoftByOneEntry) {
  EXPECT_EQ(ids(read({.stream = "things", .max_bytes = 1})), part(0, 0));
  EXPECT_EQ(ids(read({.stream = "things", .max_bytes = 101})), part(0, 1));
}

TEST_P(Read, BackwardsStartsWithTheNewest) {
  EXPECT_EQ(ids(read({.stream = "things", .backwards = true})), reversed(entries));
  EXPECT_EQ(ids(read({.stream = "things", .limit = 2, .backwards = true})), reversed(part(3, 4)));
  EXPECT_EQ(ids(read({.stream = "things", .after = entries[0], .until = entries[2], .backwards = true})),
            reversed(part(1, 2)));
}

TEST_P(Read, SaysTheLastIdAlsoWhenNothingIsRetained) {
  EXPECT_EQ(read({.stream = "things", .limit = 1}).last, entries[4]);
  trim({.min_id = EntryId::max()});
  const auto page = read({.stream = "things"});
  EXPECT_THAT(page.entries, IsEmpty());
  EXPECT_EQ(page.last, entries[4]);
}

TEST_P(Read, AnUnknownStreamIsEmpty) {
  const auto page = read({.stream = "nothing"});
  EXPECT_THAT(page.entries, IsEmpty());
  EXPECT_EQ(page.last, EntryId{});
}

TEST_P(Read, StreamsAreApart) {
  store().append(AppendBatch{.stream = "others", .events = {{event(), {}, false}}, .now = now}).value();
  EXPECT_EQ(ids(read({.stream = "things"})), entries);
  EXPECT_EQ(ids(read({.stream = "things", .backwards = true})), reversed(entries));
  EXPECT_THAT(read({.stream = "others", .backwards = true}).entries, SizeIs(1));
}

TEST_P(Read, WhatWasReadOutlivesItsTrimming) {
  const auto page = read({.stream = "things", .limit = 1});
  trim({.min_id = EntryId::max()});
  EXPECT_EQ(page.entries[0].event.data, std::string(100, ' '));
}

TEST_P(Read, LeavesGroupsAlone) {
  join("m1");
  read({.stream = "things"});
  EXPECT_EQ(group().lag, 5U);
}

}  // namespace
}  // namespace collective::conformance
