#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collective/ulid.hpp"

namespace collective {
namespace {

using std::chrono::milliseconds;

struct Fixture {
  std::int64_t now = 1'469'918'176'385;
  std::uint64_t bits = 0;
  UlidGenerator generator{[this] { return Timestamp(milliseconds(now)); }, [this] { return bits; }};
};

TEST(EventUlid, HoldsTimeAndRandomness) {
  Fixture f;
  EXPECT_EQ(f.generator.next(), "01ARYZ6S410000000000000000") << "the time of the specification's example";
  f.now = 0;
  f.bits = ~std::uint64_t{0};
  UlidGenerator other([&] { return Timestamp(milliseconds(f.now + 1)); }, [&] { return f.bits; });
  EXPECT_EQ(other.next(), "0000000001ZZZZZZZZZZZZZZZZ");
}

TEST(EventUlid, CountsUpWithinAMillisecond) {
  Fixture f;
  f.bits = 0x1F;
  EXPECT_EQ(f.generator.next(), "01ARYZ6S41000000000000000Z");
  EXPECT_EQ(f.generator.next(), "01ARYZ6S410000000000000010");
}

TEST(EventUlid, GoesOnGrowingWhileTheClockIsBehind) {
  Fixture f;
  std::string last = f.generator.next();
  for (int i = 0; i < 100; ++i) {
    f.now -= 50;
    const std::string next = f.generator.next();
    EXPECT_GT(next, last);
    last = next;
  }
}

TEST(EventUlid, MovesAMillisecondAheadWhenTheRandomPartIsExhausted) {
  Fixture f;
  f.bits = ~std::uint64_t{0};
  EXPECT_EQ(f.generator.next(), "01ARYZ6S41ZZZZZZZZZZZZZZZZ");
  f.bits = 0;
  EXPECT_EQ(f.generator.next(), "01ARYZ6S420000000000000000");
  EXPECT_EQ(f.generator.next(), "01ARYZ6S420000000000000001");
}

TEST(EventUlid, CarriesFromTheLowerToTheUpperRandomBits) {
  Fixture f;
  std::vector<std::uint64_t> words{~std::uint64_t{0}, 0};
  std::size_t i = 0;
  UlidGenerator generator([&] { return Timestamp(milliseconds(f.now)); }, [&] { return words.at(i++); });
  const std::string first = generator.next();
  const std::string second = generator.next();
  EXPECT_EQ(first, "01ARYZ6S41000FZZZZZZZZZZZZ");
  EXPECT_EQ(second, "01ARYZ6S41000G000000000000");
}

TEST(EventUlid, IsUniqueAndGrowingAcrossThreads) {
  constexpr std::size_t per_thread = 20'000;
  std::vector<std::vector<std::string>> ids(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : ids) {
      threads.emplace_back([&mine] {
        mine.reserve(per_thread);
        for (std::size_t i = 0; i < per_thread; ++i) mine.push_back(new_ulid());
      });
    }
  }
  std::set<std::string> all;
  for (const auto& mine : ids) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), 4 * per_thread);
}

TEST(EventUlid, DiffersInAForkedProcess) {
  UlidGenerator generator([] { return Timestamp(milliseconds(1'000)); });  // a clock that stands still
  (void)generator.next();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto text = generator.next_text();
    _exit(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  std::string theirs(UlidGenerator::length, ' ');
  EXPECT_EQ(read(ends[0], theirs.data(), theirs.size()), static_cast<ssize_t>(theirs.size()));
  waitpid(child, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
  EXPECT_NE(generator.next(), theirs);
}

TEST(EventUlid, TellsItsTime) {
  EXPECT_EQ(ulid_time("01ARYZ6S41TSV4RRFFQ69G5FAV"), Timestamp(milliseconds(1'469'918'176'385)));
  EXPECT_EQ(ulid_time("01aryz6s41tsv4rrffq69g5fav"), Timestamp(milliseconds(1'469'918'176'385)));
  EXPECT_EQ(ulid_time("user-uuid"), std::nullopt);
  const auto now = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
  const auto made = ulid_time(new_ulid());
  ASSERT_TRUE(made);
  EXPECT_LT(std::chrono::abs(*made - now), std::chrono::seconds(5));
}

TEST(EventUlid, IsRecognised) {
  EXPECT_TRUE(is_ulid("01ARYZ6S41TSV4RRFFQ69G5FAV"));
  EXPECT_TRUE(is_ulid("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"));
  for (const char* text : {"", "01ARYZ6S41TSV4RRFFQ69G5FA", "01ARYZ6S41TSV4RRFFQ69G5FAVX", "81ARYZ6S41TSV4RRFFQ69G5FAV",
                           "01ARYZ6S41TSV4RRFFQ69G5FAU", "01ARYZ6S41TSV4RRFFQ69G5FAI", "01ARYZ6S41TSV4RRFFQ69G5FA "}) {
    EXPECT_FALSE(is_ulid(text)) << text;
  }
}

}  // namespace
}  // namespace collective
