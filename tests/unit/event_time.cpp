#include <gtest/gtest.h>

#include "collective/time.hpp"

namespace collective {
namespace {

using std::chrono::milliseconds;

Timestamp at(std::int64_t ms) {
  return Timestamp(milliseconds(ms));
}

TEST(EventTime, IsWrittenInUtcWithMilliseconds) {
  EXPECT_EQ(to_iso8601(at(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso8601(at(1'769'851'800'000)), "2026-01-31T09:30:00.000Z");
  EXPECT_EQ(to_iso8601(at(1'709'251'199'999)), "2024-02-29T23:59:59.999Z");
  EXPECT_EQ(to_iso8601(at(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(EventTime, OutsideTheYearsOfIso8601TheNearestTimeIsWritten) {
  EXPECT_EQ(to_iso8601(Timestamp::max()), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(to_iso8601(Timestamp::min()), "0000-01-01T00:00:00.000Z");
}

TEST(EventTime, ReadsWhatItWrites) {
  for (const std::int64_t ms :
       {0LL, -1LL, 1LL, 951'782'399'999LL, 1'769'851'800'123LL, -62'167'219'200'000LL, 253'402'300'799'999LL}) {
    EXPECT_EQ(parse_iso8601(to_iso8601(at(ms))), at(ms)) << ms;
  }
}

TEST(EventTime, ReadsFractionsOfOneToNineDigits) {
  EXPECT_EQ(parse_iso8601("1970-01-01T00:00:01Z"), at(1'000));
  EXPECT_EQ(parse_iso8601("1970-01-01T00:00:01.5Z"), at(1'500));
  EXPECT_EQ(parse_iso8601("1970-01-01T00:00:01.050Z"), at(1'050));
  EXPECT_EQ(parse_iso8601("1970-01-01T00:00:01.123456789Z"), at(1'123)) << "what is beyond milliseconds is dropped";
}

TEST(EventTime, ReadsOffsets) {
  EXPECT_EQ(parse_iso8601("1970-01-01T02:00:00+02:00"), at(0));
  EXPECT_EQ(parse_iso8601("1969-12-31T18:30:00.000-05:30"), at(0));
}

TEST(EventTime, RefusesEverythingElse) {
  for (const char* text :
       {"", "2026", "2026-01-31", "2026-01-31T09:30Z", "2026-01-31T09:30:00", "2026-01-31T09:30:00.Z",
        "2026-01-31T09:30:00.1234567890Z", "2026-02-29T09:30:00Z", "2026-13-01T09:30:00Z", "2026-01-31T24:00:00Z",
        "2026-01-31T09:60:00Z", "2026-01-31T09:30:60Z", "2026-01-31 09:30:00Z", "2026-01-31T09:30:00+24:00",
        "2026-01-31T09:30:00+0200", "2026-01-31T09:30:00Zx", " 2026-01-31T09:30:00Z", "+026-01-31T09:30:00Z",
        "0000-01-01T00:00:00+00:01"}) {
    EXPECT_EQ(parse_iso8601(text), std::nullopt) << text;
  }
}

TEST(EventEntryId, IsWrittenAndReadAsRedisDoes) {
  EXPECT_EQ((EntryId{1'767'225'600'000, 7}).to_string(), "1767225600000-7");
  EXPECT_EQ(EntryId::max().to_string(), "18446744073709551615-18446744073709551615");
  EXPECT_EQ(EntryId::parse("1767225600000-7"), (EntryId{1'767'225'600'000, 7}));
  EXPECT_EQ(EntryId::parse("5"), (EntryId{5, 0}));
  EXPECT_EQ(EntryId::parse(EntryId::max().to_string()), EntryId::max());
  for (const char* text : {"", "-", "1-", "-1", "1-2-3", "a", "1-a", " 1", "+1", "18446744073709551616", "$", ">"}) {
    EXPECT_EQ(EntryId::parse(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace collective
