#include "faults/embedded_processes.hpp"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include <sys/stat.h>

#include "collective/collective.hpp"

#include "broker/embedded/listener.hpp"
#include "broker/embedded/log.hpp"
#include "faults/embedded_support.hpp"

// Several processes with one store: they wake each other, and none can be hung by another.
namespace collective::embedded_test {
namespace {

using std::chrono::steady_clock;

steady_clock::time_point in(broker::Millis time) {
  return steady_clock::now() + time;
}

void create(const Scratch& scratch, std::size_t events = 1) {
  const auto store = embedded::open({.path = scratch.store()});
  for (std::size_t i = 0; i < events; ++i) append(*store.broker, {event("e" + std::to_string(i))}).value();
  store.broker->close(in(broker::Millis(5'000)));
}

std::size_t count_entries(broker::Broker& in_store) {
  broker::Read request;
  request.stream = "things";
  request.limit = 1'000'000;
  request.max_bytes = std::size_t{1} << 30;
  return answer<broker::Page>([&](auto reply) { in_store.read(request, reply); }).value().entries.size();
}

TEST(EmbeddedProcesses, ACommitWakesTheWatchersOfAnotherProcess) {
  const Scratch scratch;
  const Signal watching;
  Child other([&] {
    const auto store = embedded::open({.path = scratch.store()});
    std::promise<void> rung;
    std::once_flag once;
    const auto watch = store.broker->watch("things", [&] { std::call_once(once, [&] { rung.set_value(); }); });
    watching.raise();
    if (rung.get_future().wait_for(std::chrono::seconds(30)) != std::future_status::ready) return 1;
    return count_entries(*store.broker) == 1 ? 0 : 2;
  });
  ASSERT_TRUE(watching.wait());
  const auto store = embedded::open({.path = scratch.store()});
  ASSERT_TRUE(append(*store.broker, {event("1")}).has_value());
  EXPECT_EQ(other.exit_status(), 0);
}

/// A process that is killed after its commit and before it rings.
int store_and_tell_nobody(const std::string& path) {
  embedded::Environment environment(embedded::Directory(path), {.path = path, .sync = embedded::Sync::none});
  embedded::Environment::WriteTransaction transaction(environment);
  embedded::Unit unit(transaction);
  broker::AppendBatch batch;
  batch.stream = "things";
  batch.now = wall_clock();
  batch.add(event("untold"));
  embedded::append(unit, batch).value();
  unit.finish();
  const embedded::Doorbell::Announcement announcement(environment.doorbell(), transaction.number());
  transaction.commit();
  ::raise(SIGKILL);
  return 0;
}

TEST(EmbeddedProcesses, WhatAProcessKilledBeforeItsRingHasStoredIsToldAllTheSame) {
  const Scratch scratch;
  const Signal now;
  Child killed([&] { return now.wait() ? store_and_tell_nobody(scratch.store()) : 1; });
  const auto environment = std::make_shared<embedded::Environment>(embedded::Directory(scratch.store()),
                                                                   embedded::Options{.path = scratch.store()});
  const auto listener = std::make_shared<embedded::Listener>(environment);
  std::promise<void> told;
  std::once_flag once;
  const auto watch = listener->watch("things", [&] { std::call_once(once, [&] { told.set_value(); }); });
  const auto until = in(std::chrono::seconds(20));
  while (!environment->doorbell().dozing() && steady_clock::now() < until) std::this_thread::yield();
  ASSERT_TRUE(environment->doorbell().dozing()) << "an idle listener goes on looking";
  now.raise();
  EXPECT_EQ(killed.exit_status(), -SIGKILL);
  EXPECT_EQ(told.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_EQ(environment->doorbell().announced(), 0u);
  listener->stop();
}

TEST(EmbeddedProcesses, OrByTheNextThatStoresSomething) {
  const Scratch scratch;
  create(scratch);
  Child killed([&] { return store_and_tell_nobody(scratch.store()); });
  EXPECT_EQ(killed.exit_status(), -SIGKILL);
  embedded::Environment environment(embedded::Directory(scratch.store()), {.path = scratch.store()});
  auto& bell = environment.doorbell();
  EXPECT_NE(bell.announced(), 0u);
  const auto slot = embedded::Doorbell::slot_of("things");
  const auto news = bell.news(slot);
  embedded::Doorbell::Announcement(bell, 99).told();
  EXPECT_NE(bell.news(slot), news);
  EXPECT_EQ(bell.announced(), 0u);
}

TEST(EmbeddedProcesses, AWatchRingsForCommitsOfItsOwnProcess) {
  const Scratch scratch;
  const auto store = embedded::open({.path = scratch.store()});
  std::promise<void> rung;
  std::once_flag once;
  const auto watch = store.broker->watch("things", [&] { std::call_once(once, [&] { rung.set_value(); }); });
  ASSERT_TRUE(append(*store.broker, {event("1")}).has_value());
  EXPECT_EQ(rung.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

/// A process that stops while it holds LMDB's writer lock.
int hold_the_writer_lock(const std::string& path, const Signal& holding) {
  const RawEnvironment environment(path);
  MDB_txn* const txn = environment.begin();
  holding.raise();
  ::raise(SIGSTOP);
  mdb_txn_abort(txn);
  return 0;
}

TEST(EmbeddedProcesses, CloseReturnsThoughAStoppedProcessHoldsTheWriterLock) {
  const Scratch scratch;
  create(scratch);
  const Signal holding;
  Child stopped([&] { return hold_the_writer_lock(scratch.store(), holding); });
  ASSERT_TRUE(holding.wait());
  stopped.wait_until_stopped();

  auto store = embedded::open({.path = scratch.store(), .write_timeout = broker::Millis(2'000)});
  auto outcome = std::async(std::launch::async, [&] { return append(*store.broker, {event("never")}); });
  auto waiting = outcome.wait_for(broker::Millis(50));
  EXPECT_EQ(waiting, std::future_status::timeout);
  const auto begun = steady_clock::now();
  store.broker->close(in(broker::Millis(200)));
  EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(2));
  const auto result = outcome.get();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Errc::unavailable) << result.error().message;  // never begun, so surely not stored

  store = {};
  EXPECT_THROW(embedded::open({.path = scratch.store(), .open_timeout = broker::Millis(50)}), Error);
  stopped.kill(SIGCONT);
  EXPECT_EQ(stopped.exit_status(), 0);
  store = embedded::open({.path = scratch.store()});
  ASSERT_TRUE(append(*store.broker, {event("later")}).has_value());
  EXPECT_EQ(count_entries(*store.broker), 2u);
}

TEST(EmbeddedProcesses, AStepEndsAsUnavailableWhenTheWriterLockIsNotFreeInTime) {
  const Scratch scratch;
  create(scratch);
  const Signal holding;
  Child stopped([&] { return hold_the_writer_lock(scratch.store(), holding); });
  ASSERT_TRUE(holding.wait());
  stopped.wait_until_stopped();
  const auto store = embedded::open({.path = scratch.store(), .write_timeout = broker::Millis(100)});
  const auto result = append(*store.broker, {event("never")});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Errc::unavailable);
  EXPECT_NE(result.error().message.find("writer lock"), std::string::npos) << result.error().message;
  EXPECT_EQ(count_entries(*store.broker), 1u) << "reading needs no lock";
  stopped.kill(SIGCONT);
  EXPECT_EQ(stopped.exit_status(), 0);
  EXPECT_TRUE(append(*store.broker, {event("later")}).has_value());
  EXPECT_EQ(count_entries(*store.broker), 2u);
}

TEST(EmbeddedProcesses, OpeningEndsInTimeThoughAStoppedProcessIsAboutToCreateTheStore) {
  const Scratch scratch;
  ASSERT_EQ(::mkdir(scratch.store().c_str(), 0700), 0);
  const Signal holding;
  Child stopped([&] { return hold_the_writer_lock(scratch.store(), holding); });
  ASSERT_TRUE(holding.wait());
  stopped.wait_until_stopped();
  const auto begun = steady_clock::now();
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      embedded::open({.path = scratch.store(), .open_timeout = broker::Millis(100)});
      ADD_FAILURE() << "opened";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Errc::unavailable);
      EXPECT_NE(std::string(error.what()).find("stopped"), std::string::npos) << error.what();
    }
  }
  EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(5));
  const Scratch elsewhere;
  EXPECT_NO_THROW(embedded::open({.path = elsewhere.store()})) << "another store is not held up";
  stopped.kill(SIGCONT);
  EXPECT_EQ(stopped.exit_status(), 0);
  const auto store = embedded::open({.path = scratch.store()});
  EXPECT_TRUE(append(*store.broker, {event("1")}).has_value());
}

// A client gives up a little later than its store does, and so hears that nothing was stored.
TEST(EmbeddedProcesses, APublishThatCannotBeginIsUnavailableAndNotUnknown) {
  const Scratch scratch;
  create(scratch);
  const Signal holding;
  Child stopped([&] { return hold_the_writer_lock(scratch.store(), holding); });
  ASSERT_TRUE(holding.wait());
  stopped.wait_until_stopped();
  Options options;
  options.broker = "embedded:" + scratch.store();
  options.operation_timeout = Millis(500);
  EventClient client(options);
  client.connect();
  try {
    client.publish(UserLogin{.user_id = "u1", .ip_address = "::1", .user_agent = "test", .success = true});
    ADD_FAILURE() << "stored";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::unavailable) << error.what();
  }
  client.close(Millis(100));
  stopped.kill(SIGCONT);
  EXPECT_EQ(stopped.exit_status(), 0);
}

TEST(EmbeddedProcesses, AKilledHolderOfTheWriterLockHoldsUpNobody) {
  const Scratch scratch;
  create(scratch);
  const Signal holding;
  Child holder([&] { return hold_the_writer_lock(scratch.store(), holding); });
  ASSERT_TRUE(holding.wait());
  holder.wait_until_stopped();
  const auto store = embedded::open({.path = scratch.store()});
  auto outcome = std::async(std::launch::async, [&] { return append(*store.broker, {event("1")}); });
  holder.kill(SIGKILL);
  EXPECT_TRUE(outcome.get().has_value());
}

TEST(EmbeddedProcesses, AProcessFollowsTheMapThatAnotherEnlarged) {
  const Scratch scratch;
  create(scratch);
  const Signal opened;
  const Signal enlarged;
  Child small([&] {
    const auto store = embedded::open({.path = scratch.store(), .map_size = std::size_t{2} << 20});
    if (!append(*store.broker, {event("small-1")}).has_value()) return 1;
    opened.raise();
    if (!enlarged.wait()) return 2;
    if (count_entries(*store.broker) != 2 + 64) return 3;
    return append(*store.broker, {event("small-2")}).has_value() ? 0 : 4;
  });
  ASSERT_TRUE(opened.wait());
  const auto store = embedded::open({.path = scratch.store(), .map_size = std::size_t{1} << 30});
  for (int i = 0; i < 64; ++i) {
    ASSERT_TRUE(append(*store.broker, {event("big" + std::to_string(i), "t", std::string(100'000, 'x'))}).has_value());
  }
  enlarged.raise();
  EXPECT_EQ(small.exit_status(), 0);
  EXPECT_EQ(count_entries(*store.broker), 67u);
}

TEST(EmbeddedProcesses, OpeningReapsTheReadersOfKilledProcesses) {
  const Scratch scratch;
  create(scratch);
  const Signal reading;
  Child reader([&] {
    const RawEnvironment environment(scratch.store());
    static_cast<void>(environment.begin(MDB_RDONLY));
    reading.raise();
    ::pause();
    return 0;
  });
  ASSERT_TRUE(reading.wait());
  // Counts the dead readers after the store was opened; it holds the lock file open meanwhile, so that it is not reset.
  const Signal ready;
  const Signal reaped;
  Child counter([&] {
    const RawEnvironment environment(scratch.store());
    ready.raise();
    int dead = -1;
    if (!reaped.wait() || mdb_reader_check(environment.get(), &dead) != 0) return 90;
    return dead;
  });
  ASSERT_TRUE(ready.wait());
  reader.kill();
  EXPECT_EQ(reader.exit_status(), -SIGKILL);
  const auto store = embedded::open({.path = scratch.store()});
  reaped.raise();
  EXPECT_EQ(counter.exit_status(), 0);
}

TEST(EmbeddedProcesses, AReplyThatThrowsIsNoReasonToStoreItsStepAgain) {
  const Scratch scratch;
  const auto store = embedded::open({.path = scratch.store(), .sync = embedded::Sync::none});
  ASSERT_TRUE(append(*store.broker, {event("first")}).has_value());
  for (int i = 0; i < 200; ++i) {  // many share a commit
    broker::AppendBatch batch;
    batch.stream = "things";
    batch.now = wall_clock();
    batch.add(event(std::to_string(i)));
    store.broker->append(batch, [](const auto&) { throw std::runtime_error("a careless observer"); });
  }
  ASSERT_TRUE(append(*store.broker, {event("last")}).has_value());
  const auto page = answer<broker::Page>([&](auto reply) { store.broker->read({.stream = "things"}, reply); });
  ASSERT_EQ(page->entries.size(), 202u);
  EXPECT_EQ(page->entries.back().event.id, "last");
  EXPECT_EQ(page->entries.back().event.stream, "things");
}

TEST(EmbeddedProcesses, AStoreClosedBesideItsCallsCanBeOpenedAgain) {
  const Scratch scratch;
  for (int round = 0; round < 20; ++round) {
    const auto store =
        embedded::open({.path = scratch.store(), .sync = embedded::Sync::none, .write_timeout = broker::Millis(2'000)});
    std::atomic<bool> closed{false};
    std::thread reader([&] {
      while (!closed) store.broker->read({.stream = "things"}, [](const auto&) {});
    });
    store.broker->close(std::chrono::steady_clock::now() + std::chrono::seconds(5));
    closed = true;
    reader.join();
  }
}

TEST(EmbeddedProcesses, UseAfterForkIsRefused) {
  const Scratch scratch;
  auto store = embedded::open({.path = scratch.store()});
  ASSERT_TRUE(append(*store.broker, {event("1")}).has_value());
  Child child([&] {
    Errc code = Errc::ok;
    store.broker->append({}, [](const auto&) {});
    broker::AppendBatch batch;
    batch.stream = "things";
    store.broker->append(batch,
                         [&](const auto& result) { code = result.has_value() ? Errc::ok : result.error().code; });
    if (code != Errc::invalid) return 1;
    code = Errc::ok;
    store.broker->read({.stream = "things", .after = {}},
                       [&](const auto& result) { code = result.has_value() ? Errc::ok : result.error().code; });
    if (code != Errc::invalid) return 2;
    store = {};  // must neither hang nor touch the parent's locks
    return 0;
  });
  EXPECT_EQ(child.exit_status(), 0);
  EXPECT_TRUE(append(*store.broker, {event("2")}).has_value());
}

TEST(EmbeddedProcesses, AProgramStartedByTheProcessInheritsNothingOfTheStore) {
  const Scratch scratch;
  const auto store = embedded::open({.path = scratch.store()});
  const std::string look = "for f in /proc/self/fd/*; do readlink $f; done | grep -q " + scratch.path();
  EXPECT_NE(::system(look.c_str()), 0);
}

TEST(EmbeddedProcesses, OtherLmdbCodeInTheProcessIsDetected) {
  const Scratch scratch;
  create(scratch);
  {
    const RawEnvironment other(scratch.store());
    try {
      embedded::open({.path = scratch.store()});
      FAIL() << "opened twice";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Errc::conflict);
      EXPECT_NE(std::string(error.what()).find("another copy"), std::string::npos) << error.what();
    }
  }
  EXPECT_NO_THROW(embedded::open({.path = scratch.store()}));
}

TEST(EmbeddedProcesses, OneProcessOpensAStoreOnceAndSharesIt) {
  const Scratch scratch;
  const auto first = embedded::open({.path = scratch.store()});
  const auto second = embedded::open({.path = scratch.store() + "/"});
  ASSERT_TRUE(append(*first.broker, {event("1")}).has_value());
  EXPECT_EQ(count_entries(*second.broker), 1u);
  EXPECT_THROW(embedded::open({.path = scratch.store(), .sync = embedded::Sync::none}), Error);
  first.broker->close(in(broker::Millis(5'000)));
  EXPECT_EQ(append(*first.broker, {event("2")}).error().code, Errc::not_connected);
  EXPECT_TRUE(append(*second.broker, {event("2")}).has_value()) << "the other user is not disturbed";
}

}  // namespace
}  // namespace collective::embedded_test
