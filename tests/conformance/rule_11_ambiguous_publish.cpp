// Rule 11. A publish is stored, not stored, or unknown. What is unknown is resolved by event ids: published again with
// the same id, it is stored once. A caller-supplied event id is deduplicated within a stated window.
//
// A connection that is lost before the answer is a matter of brokers over a network; here the broker's answer says so.
#include "support/core_test.hpp"

namespace collective {
namespace {

using namespace testing_support;
using Fate = UnreliableBroker::Fate;

class Rule11 : public CoreTest {
 protected:
  std::size_t stored(detail::Core& core) { return core.read("user.events", {}).size(); }
};

TEST_P(Rule11, AChosenEventIdIsStoredOnce) {
  auto client = connected();
  const auto id = new_ulid();
  const auto first = client.publish(user("u1"), {.event_id = id});
  const auto again = client.publish(user("u1"), {.event_id = id});
  EXPECT_FALSE(first.duplicate);
  EXPECT_TRUE(again.duplicate);
  EXPECT_EQ(first.entry_id, again.entry_id);
  EXPECT_EQ(client.read("user.events").size(), 1u);
}

TEST_P(Rule11, AChosenEventIdIsStoredOnceWhoeverPublishesIt) {
  const auto core = connect();
  const auto other = connect();
  const auto id = new_ulid();
  EXPECT_FALSE(publish(*core, user("u1"), {.event_id = id}).duplicate);
  EXPECT_TRUE(publish(*other, user("u1"), {.event_id = id}).duplicate);
}

TEST_P(Rule11, TheWindowOfAChosenEventIdIsTenMinutes) {
  const auto core = connect();
  const auto id = new_ulid();
  publish(*core, user("u1"), {.event_id = id});
  clock->advance(minutes(10) - seconds(1));
  EXPECT_TRUE(publish(*core, user("u1"), {.event_id = id}).duplicate);
  clock->advance(seconds(2));
  EXPECT_FALSE(publish(*core, user("u1"), {.event_id = id}).duplicate);
}

TEST_P(Rule11, AChosenEventIdIsStoredOnceAlsoWhileItIsDelayed) {
  const auto core = connect();
  const auto id = new_ulid();
  publish(*core, user("u1"), {.event_id = id, .delay = hours(1)});
  EXPECT_TRUE(publish(*core, user("u1"), {.event_id = id, .delay = hours(1)}).duplicate);
  EXPECT_EQ(core->stream_info("user.events").delayed, 1u);
}

TEST_P(Rule11, ARefusedPublishIsNotStoredAndSafeToRepeat) {
  const auto core = connect();
  network->appends(Fate::refused);
  EXPECT_EQ(failure_of([&] { publish(*core, user("u1")); }).code, Errc::unavailable);
  network->appends(Fate::arrives);
  EXPECT_EQ(stored(*core), 0u);
}

TEST_P(Rule11, AnUnknownOutcomeSaysWhichEventToPublishAgain) {
  const auto core = connect();
  const auto id = new_ulid();
  network->appends(Fate::reply_lost);
  const auto failed = failure_of([&] { publish(*core, user("u1"), {.event_id = id}); });
  EXPECT_EQ(failed.code, Errc::unknown);
  EXPECT_NE(failed.message.find(id), std::string::npos) << failed.message;
  EXPECT_NE(failed.message.find("stored once"), std::string::npos) << failed.message;
}

TEST_P(Rule11, PublishedAgainWithTheSameIdAnUnknownEventIsStoredOnce) {
  for (const auto fate : {Fate::reply_lost, Fate::request_lost, Fate::request_late}) {
    const auto core = connect();
    const auto before = stored(*core);
    const auto id = new_ulid();
    network->appends(fate);
    EXPECT_EQ(failure_of([&] { publish(*core, user("u1"), {.event_id = id}); }).code, Errc::unknown);
    network->appends(Fate::arrives);
    EXPECT_EQ(publish(*core, user("u1"), {.event_id = id}).duplicate, fate == Fate::reply_lost);
    network->deliver_late();
    EXPECT_EQ(stored(*core), before + 1);
  }
}

TEST_P(Rule11, AnUnknownEventWhoseIdTheClientChoseIsStoredOnceToo) {
  for (const auto fate : {Fate::reply_lost, Fate::request_lost}) {
    const auto core = connect();
    const auto before = stored(*core);
    Collected<std::string> unknown;
    network->appends(fate);
    const auto& type = descriptor_of<UserRegistered>();
    const auto event = user("u1");
    core->publish_async(type, &event, {}, [&](const Published& published, const std::exception_ptr& error) {
      if (error) unknown.add(published.event_id);
    });
    const auto failed = failure_of([&] { publish(*core, user("u2")); });
    ASSERT_EQ(failed.code, Errc::unknown);
    network->appends(Fate::arrives);
    const auto second = failed.message.substr(failed.message.find("publish event ") + 14, 26);
    for (const auto& id : {unknown.wait_for(1).at(0), second}) {
      EXPECT_EQ(publish(*core, event, {.event_id = id}).duplicate, fate == Fate::reply_lost);
      EXPECT_TRUE(publish(*core, event, {.event_id = id}).duplicate);
    }
    EXPECT_EQ(stored(*core), before + 2);
  }
}

TEST_P(Rule11, ADelayedEventWithAnUnknownOutcomeIsStoredOnceToo) {
  const auto core = connect();
  network->appends(Fate::reply_lost);
  const auto failed = failure_of([&] { publish(*core, user("u1"), {.delay = hours(1)}); });
  network->appends(Fate::arrives);
  const auto id = failed.message.substr(failed.message.find("publish event ") + 14, 26);
  EXPECT_TRUE(publish(*core, user("u1"), {.event_id = id, .delay = hours(1)}).duplicate);
  EXPECT_EQ(core->stream_info("user.events").delayed, 1u);
}

/// The id that an error of unknown outcome names.
std::string named_in(const Failed& failed) {
  const auto at = failed.message.find("publish event ");
  return at == std::string::npos ? std::string() : failed.message.substr(at + 14, 26);
}

TEST_P(Rule11, AnUnknownEventIsStoredOnceWhoeverPublishesItAgain) {
  for (const auto fate : {Fate::reply_lost, Fate::request_lost}) {
    const auto core = connect();
    const auto before = stored(*core);
    network->appends(fate);
    const auto id = named_in(failure_of([&] { publish(*core, user("u1")); }));
    core->close(Millis(0));  // its process ends
    const auto other = connect();
    clock->advance(hours(1));
    EXPECT_EQ(publish(*other, user("u1"), {.event_id = id}).duplicate, fate == Fate::reply_lost);
    EXPECT_TRUE(publish(*other, user("u1"), {.event_id = id}).duplicate);
    EXPECT_EQ(stored(*other), before + 1);
  }
}

TEST_P(Rule11, AnUnknownDelayedEventIsStoredOnceHoweverLateItIsPublishedAgain) {
  const auto core = connect();
  network->appends(Fate::reply_lost);
  const auto id = named_in(failure_of([&] { publish(*core, user("u1"), {.delay = hours(1)}); }));
  network->appends(Fate::arrives);
  clock->advance(minutes(59));
  EXPECT_TRUE(publish(*core, user("u1"), {.event_id = id, .delay = minutes(1)}).duplicate) << "not visible yet";
  clock->advance(minutes(1));
  core->trim("user.events", 100, false);
  ASSERT_EQ(stored(*core), 1u);
  clock->advance(hours(1));
  EXPECT_TRUE(publish(*core, user("u1"), {.event_id = id}).duplicate) << "its entry is found";
  EXPECT_EQ(stored(*core), 1u);
}

TEST_P(Rule11, WhereItCannotBeKnownTheRepeatIsUnknownToo) {
  const auto core = connect();
  network->appends(Fate::reply_lost);
  const auto id = named_in(failure_of([&] { publish(*core, user("u1")); }));
  network->appends(Fate::arrives);
  clock->advance(minutes(1));
  publish(*core, user("u2"));
  core->trim("user.events", 1, false);
  for (int i = 0; i < 2; ++i) {
    const auto failed = failure_of([&] { publish(*core, user("u1"), {.event_id = id}); });
    EXPECT_EQ(failed.code, Errc::unknown);
    EXPECT_NE(failed.message.find("trimmed"), std::string::npos) << failed.message;
    EXPECT_EQ(failed.message.find("stored once"), std::string::npos) << failed.message;
  }
  EXPECT_EQ(stored(*core), 1u);
}

TEST_P(Rule11, ABatchOfUnknownOutcomeNamesEveryEventOfIt) {
  const auto core = connect();
  const std::vector both{user("u1"), user("u2")};
  const std::vector<const void*> pointers{&both[0], &both[1]};
  network->appends(Fate::reply_lost);
  const auto failed =
      failure_of([&] { core->publish_batch(descriptor_of<UserRegistered>(), pointers, PublishOptions{}); });
  EXPECT_EQ(failed.code, Errc::unknown);
  network->appends(Fate::arrives);
  for (const auto& event : core->read("user.events", {})) {
    EXPECT_NE(failed.message.find(event.envelope.id), std::string::npos) << failed.message;
    EXPECT_TRUE(publish(*core, user("u1"), {.event_id = event.envelope.id}).duplicate);
  }
  EXPECT_EQ(stored(*core), 2u);
}

COLLECTIVE_ON_EVERY_BROKER(Rule11);

}  // namespace
}  // namespace collective
