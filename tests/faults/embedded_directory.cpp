// The store's directory: what its creation writes down for good, who may write to it, and what happens when it goes.
#include <fstream>
#include <map>
#include <mutex>

#include <sys/stat.h>
#include <sys/syscall.h>

#include "faults/embedded_support.hpp"

namespace {

std::mutex flushed_mutex;
std::map<ino_t, int> flushed;  // guarded by flushed_mutex

}  // namespace

// Takes the place of the C library's in this program: writes down which files are flushed.
extern "C" int fsync(int file) {
  struct stat info{};
  if (::fstat(file, &info) == 0) {
    const std::lock_guard lock(flushed_mutex);
    ++flushed[info.st_ino];
  }
  return static_cast<int>(::syscall(SYS_fsync, file));
}

namespace collective::embedded_test {
namespace {

namespace fs = std::filesystem;

bool was_flushed(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return false;
  const std::lock_guard lock(flushed_mutex);
  return flushed.contains(info.st_ino);
}

TEST(EmbeddedDirectory, TheNamesThatItsCreationMakesSurviveASystemCrash) {
  const Scratch scratch;
  const auto path = scratch.path() + "/some/where/store";
  embedded::open({.path = path});
  for (const auto& directory : {scratch.path(), scratch.path() + "/some", scratch.path() + "/some/where", path}) {
    EXPECT_TRUE(was_flushed(directory)) << directory << " has a new name in it";
  }
}

std::string refusal(const std::string& path) {
  try {
    embedded::open({.path = path});
  } catch (const Error& error) {
    return std::string(name(error.code())) + ": " + error.what();
  }
  return "opened";
}

TEST(EmbeddedDirectory, OneThatEverybodyMayWriteToIsRefused) {
  const Scratch scratch;
  embedded::open({.path = scratch.store()});
  for (const auto& path : {scratch.store(), scratch.file("data.mdb"), scratch.file("doorbell")}) {
    fs::permissions(path, fs::perms::others_write, fs::perm_options::add);
    const auto text = refusal(scratch.store());
    EXPECT_EQ(text.find("permission: "), 0u) << text;
    EXPECT_NE(text.find("chmod o-w " + path), std::string::npos) << text;
    fs::permissions(path, fs::perms::others_write, fs::perm_options::remove);
  }
  EXPECT_EQ(refusal(scratch.store()), "opened");
}

TEST(EmbeddedDirectory, OneThatExistsKeepsItsMode) {
  const Scratch scratch;
  fs::create_directory(scratch.store());
  fs::permissions(scratch.store(), fs::perms(0770));  // as platforms mount volumes for a group
  EXPECT_EQ(refusal(scratch.store()), "opened");
  EXPECT_EQ(fs::status(scratch.store()).permissions(), fs::perms(0770));
}

broker::Result<broker::UpkeepReport> upkeep(broker::Broker& broker) {
  return answer<broker::UpkeepReport>(
      [&](auto reply) { broker.upkeep({.stream = "things", .now = wall_clock()}, reply); });
}

void expect_noticed(broker::Broker& broker) {
  for (const auto& failure : {upkeep(broker).error(), append(broker, {event("lost")}).error()}) {
    EXPECT_EQ(failure.code, Errc::unavailable) << failure.message;
    EXPECT_NE(failure.message.find("removed or replaced"), std::string::npos) << failure.message;
  }
}

TEST(EmbeddedDirectory, ItsRemovalIsNoticedAtTheNextUpkeep) {
  const Scratch scratch;
  const auto store = embedded::open({.path = scratch.store(), .sync = embedded::Sync::none});
  append(*store.broker, {event("1")}).value();
  ASSERT_TRUE(upkeep(*store.broker));
  fs::remove_all(scratch.store());
  expect_noticed(*store.broker);
}

TEST(EmbeddedDirectory, SoIsItsReplacementAndWhoConnectsAgainFindsTheNewOne) {
  const Scratch scratch;
  const auto store = embedded::open({.path = scratch.store(), .sync = embedded::Sync::none});
  append(*store.broker, {event("1")}).value();
  fs::rename(scratch.store(), scratch.path() + "/old");
  const auto fresh = embedded::open({.path = scratch.store(), .sync = embedded::Sync::none});
  expect_noticed(*store.broker);
  EXPECT_TRUE(append(*fresh.broker, {event("2")}));
  EXPECT_TRUE(upkeep(*fresh.broker));
}

TEST(EmbeddedDirectory, SoIsARemovedDataFile) {
  const Scratch scratch;
  const auto store = embedded::open({.path = scratch.store(), .sync = embedded::Sync::none});
  append(*store.broker, {event("1")}).value();
  fs::remove(scratch.file("data.mdb"));
  expect_noticed(*store.broker);
}

TEST(EmbeddedDirectory, ARelativePathMeansTheSameAfterTheProcessMoved) {
  const Scratch scratch;
  const auto before = fs::current_path();
  fs::current_path(scratch.path());
  const auto store = embedded::open({.path = "store", .sync = embedded::Sync::none});
  fs::current_path(before);
  append(*store.broker, {event("1")}).value();
  EXPECT_TRUE(upkeep(*store.broker));
}

}  // namespace
}  // namespace collective::embedded_test
