#include <sys/mount.h>

#include "faults/embedded_support.hpp"

// A full map and a full disk: nothing is half stored, acknowledging still works, and trimming makes room again.
namespace collective::embedded_test {
namespace {

constexpr std::size_t event_bytes = 2'000;

/// Appends until the store is full; returns how many were stored.
std::size_t fill(broker::Broker& to, std::size_t size = event_bytes) {
  for (std::size_t stored = 0; stored < 1'000'000; ++stored) {
    const auto result = append(to, {event("e" + std::to_string(stored), "t", std::string(size, 'x'))});
    if (result.has_value()) continue;
    EXPECT_EQ(result.error().code, Errc::full) << result.error().message;
    return stored;
  }
  ADD_FAILURE() << "never full";
  return 0;
}

std::size_t acknowledge_everything(broker::Broker& from) {
  std::size_t handled = 0;
  auto request = fetch("group", "member");
  while (true) {
    const auto result = exchange(from, request);
    if (!result.has_value()) {
      ADD_FAILURE() << result.error().message;
      return handled;
    }
    handled += result->deliveries.size();
    request.settlements = acknowledge(result->deliveries);
    if (request.settlements.empty()) return handled;
  }
}

std::uint64_t trim_everything(broker::Broker& in) {
  broker::Upkeep request;
  request.stream = "things";
  request.now = wall_clock();
  request.trim = true;
  request.retention.keep = 1;
  std::uint64_t trimmed = 0;
  for (bool more = true; more;) {
    const auto report = answer<broker::UpkeepReport>([&](auto reply) { in.upkeep(request, reply); });
    if (!report.has_value()) {
      ADD_FAILURE() << report.error().message;
      return trimmed;
    }
    trimmed += report->trimmed;
    more = report->more;
  }
  return trimmed;
}

void fill_drain_and_fill_again(const embedded::Options& options) {
  auto store = embedded::open(options);
  ASSERT_TRUE(join(*store.broker, "group", "member").has_value());
  const auto stored = fill(*store.broker);
  ASSERT_GT(stored, 50u);
  EXPECT_EQ(append(*store.broker, {event("more", "t", std::string(event_bytes, 'x'))}).error().code, Errc::full);
  EXPECT_EQ(acknowledge_everything(*store.broker), stored);
  EXPECT_EQ(trim_everything(*store.broker), stored - 1);
  const auto again = fill(*store.broker);
  EXPECT_GT(again, stored / 3) << "the room that trimming freed is used again";
  EXPECT_EQ(acknowledge_everything(*store.broker), again);
  store.broker->close(std::chrono::steady_clock::now() + std::chrono::seconds(5));
  store = {};
  EXPECT_TRUE(embedded::check(options).empty());
}

TEST(EmbeddedFull, AFullMapRefusesEventsButNotAcknowledgements) {
  const Scratch scratch;
  fill_drain_and_fill_again({.path = scratch.store(), .map_size = std::size_t{4} << 20});
}

TEST(EmbeddedFull, AFullMapWithoutFlushing) {
  const Scratch scratch;
  fill_drain_and_fill_again({.path = scratch.store(), .sync = embedded::Sync::none, .map_size = std::size_t{2} << 20});
}

class Disk {
 public:
  explicit Disk(const std::string& at) : at_(at), mounted_(::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=6m") == 0) {}
  ~Disk() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  [[nodiscard]] bool mounted() const { return mounted_; }

 private:
  std::string at_;
  bool mounted_;
};

TEST(EmbeddedFull, AFullDiskRefusesEventsButNotAcknowledgements) {
  const Scratch scratch;
  const Disk disk(scratch.path());
  if (!disk.mounted()) GTEST_SKIP() << "a disk of its own needs the right to mount a tmpfs";
  fill_drain_and_fill_again({.path = scratch.store()});
}

TEST(EmbeddedFull, AFullStoreIsEmptiedByAMemberThatComesAnew) {
  const Scratch scratch;
  const embedded::Options options{.path = scratch.store(), .map_size = std::size_t{4} << 20};
  std::size_t stored = 0;
  {
    const auto store = embedded::open(options);
    ASSERT_TRUE(join(*store.broker, "group", "before").has_value());
    stored = fill(*store.broker) + fill(*store.broker, 1);  // to the last byte that events may have
    store.broker->close(std::chrono::steady_clock::now() + std::chrono::seconds(5));
  }
  const auto store = embedded::open(options);
  const auto joined = join(*store.broker, "group", "member");
  ASSERT_TRUE(joined.has_value()) << joined.error().message;
  EXPECT_EQ(acknowledge_everything(*store.broker), stored);
}

TEST(EmbeddedFull, DelayedEventsThatFillTheStoreBecomeVisibleAllTheSame) {
  const Scratch scratch;
  const auto store = embedded::open({.path = scratch.store(), .map_size = std::size_t{4} << 20});
  const auto due = wall_clock() + broker::Millis(60'000);
  std::uint64_t delayed = 0;
  for (bool fits = true; fits;) {
    broker::AppendBatch batch;
    batch.stream = "things";
    batch.now = wall_clock();
    batch.add(event("e" + std::to_string(delayed), "t", std::string(event_bytes, 'x')), due);
    fits = answer<std::vector<broker::Appended>>([&](auto reply) { store.broker->append(batch, reply); }).has_value();
    delayed += fits ? 1 : 0;
  }
  ASSERT_GT(delayed, 100u);
  std::uint64_t promoted = 0;
  for (bool more = true; more;) {
    const auto report = answer<broker::UpkeepReport>(
        [&](auto reply) { store.broker->upkeep({.stream = "things", .now = due}, reply); });
    ASSERT_TRUE(report.has_value()) << report.error().message;
    promoted += report->promoted;
    more = report->more;
  }
  EXPECT_EQ(promoted, delayed);
}

TEST(EmbeddedFull, ADeadLetterThatDoesNotFitWaitsAndHoldsUpNoOther) {
  const Scratch scratch;
  const auto letters_of = [](const broker::Store& store) {
    return answer<std::vector<broker::GroupInfo>>(
               [&](auto reply) { store.admin->groups("things", wall_clock(), reply); })
        .value()
        .at(0)
        .dead_letters;
  };
  auto request = fetch("group", "member", 10'000);
  {
    const auto store = embedded::open({.path = scratch.store(), .map_size = std::size_t{8} << 20});
    join(*store.broker, "group", "member").value();
    append(*store.broker, {event("small-1"), event("large", "t", std::string(2u << 20, 'x')), event("small-2")})
        .value();
    ASSERT_GT(fill(*store.broker), 50u);
    request.settlements = acknowledge(exchange(*store.broker, request).value().deliveries);
    ASSERT_GT(request.settlements.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) request.settlements[i].verdict = broker::Settlement::Verdict::dead_letter;
    request.max_entries = 0;
    auto expected = std::vector(request.settlements.size(), broker::Settled::done);
    expected[1] = broker::Settled::no_room;
    const auto settled = exchange(*store.broker, request);
    ASSERT_TRUE(settled.has_value()) << settled.error().message;
    EXPECT_EQ(settled->settled, expected);
    EXPECT_EQ(letters_of(store), 2u);
    store.broker->close(std::chrono::steady_clock::now() + std::chrono::seconds(5));
  }
  const auto roomier = embedded::open({.path = scratch.store(), .map_size = std::size_t{64} << 20});
  auto& large = request.settlements;
  large.erase(large.begin() + 2, large.end());
  large.erase(large.begin());
  EXPECT_EQ(exchange(*roomier.broker, request).value().settled, std::vector{broker::Settled::done});
  EXPECT_EQ(letters_of(roomier), 3u);
}

TEST(EmbeddedFull, AStepThatFailsSpoilsNoOther) {
  const Scratch scratch;
  const auto store = embedded::open({.path = scratch.store(), .map_size = std::size_t{4} << 20});
  std::vector<std::future<Result<std::vector<broker::Appended>>>> outcomes;
  // Started together, they share transactions; the large ones do not fit, the small ones do.
  for (int i = 0; i < 40; ++i) {
    broker::AppendBatch batch;
    batch.stream = "things";
    batch.now = wall_clock();
    const std::size_t size = i % 4 == 3 ? std::size_t{5} << 20 : 100;
    batch.add(event("e" + std::to_string(i), "t", std::string(size, 'x')));
    auto promise = std::make_shared<std::promise<Result<std::vector<broker::Appended>>>>();
    outcomes.push_back(promise->get_future());
    store.broker->append(std::move(batch), [promise](auto result) { promise->set_value(std::move(result)); });
  }
  for (int i = 0; i < 40; ++i) {
    const auto result = outcomes[static_cast<std::size_t>(i)].get();
    if (i % 4 == 3) {
      EXPECT_EQ(result.error().code, Errc::full) << i;
    } else {
      EXPECT_TRUE(result.has_value()) << i << ": " << result.error().message;
    }
  }
}

}  // namespace
}  // namespace collective::embedded_test
