#include <fstream>
#include <sstream>

#include <sys/stat.h>

#include "broker/embedded/keys.hpp"
#include "broker/embedded/records.hpp"
#include "faults/embedded_processes.hpp"
#include "faults/embedded_support.hpp"

// Damaged, foreign and forbidden files: refused with a message that says what and what to do, never a crash.
namespace collective::embedded_test {
namespace {

namespace fs = std::filesystem;

void create(const Scratch& scratch, const std::function<void(const broker::Store&)>& fill) {
  const auto store = embedded::open({.path = scratch.store()});
  fill(store);
  store.broker->close(std::chrono::steady_clock::now() + std::chrono::seconds(5));
}

void create_with_events(const Scratch& scratch, int events = 200) {
  create(scratch, [&](const broker::Store& store) {
    for (int i = 0; i < events; ++i) append(*store.broker, {event("e" + std::to_string(i))}).value();
  });
}

void expect_refused(const std::string& path, Errc code, const std::string& part) {
  try {
    embedded::open({.path = path});
    ADD_FAILURE() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

/// Changes every occurrence of the text in the file; old pages may hold older copies of it.
std::size_t flip_a_bit_of(const std::string& file, const std::string& text) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream buffer;
  buffer << in.rdbuf();
  std::string bytes = buffer.str();
  std::size_t flipped = 0;
  for (auto at = bytes.find(text); at != std::string::npos; at = bytes.find(text, at + 1)) {
    bytes[at + text.size() / 2] = static_cast<char>(bytes[at + text.size() / 2] ^ 1);
    ++flipped;
  }
  std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return flipped;
}

TEST(EmbeddedDamage, ATruncatedFileIsRefusedBeforeItIsMapped) {
  const Scratch scratch;
  create_with_events(scratch);
  for (const std::uintmax_t size : {40'960u, 12'288u, 8'192u, 5'000u, 100u}) {
    fs::resize_file(scratch.file("data.mdb"), size);
    expect_refused(scratch.store(), Errc::corrupt, "truncated");
  }
}

TEST(EmbeddedDamage, AnEmptiedOrMissingFileIsALossAndNotABeginning) {
  const Scratch scratch;
  create_with_events(scratch);
  fs::resize_file(scratch.file("data.mdb"), 0);
  expect_refused(scratch.store(), Errc::corrupt, "truncated");
  fs::remove(scratch.file("data.mdb"));
  expect_refused(scratch.store(), Errc::corrupt, "missing");
}

TEST(EmbeddedDamage, AFileOfSomethingElseIsRefused) {
  const Scratch scratch;
  fs::create_directories(scratch.store());
  std::ofstream(scratch.file("data.mdb")) << std::string(100'000, 'z');
  expect_refused(scratch.store(), Errc::corrupt, "data.mdb");
}

TEST(EmbeddedDamage, AHeaderWithAnImpossiblePageSizeIsRefused) {
  for (const char size : {'\0', '\1', '\x7f'}) {
    const Scratch scratch;
    create_with_events(scratch);
    const auto file = scratch.file("data.mdb");
    constexpr std::streamoff page_size_field = 40;
    for (const std::streamoff page : {0, 4096}) {
      std::fstream data(file, std::ios::binary | std::ios::in | std::ios::out);
      data.seekp(page + page_size_field).write(std::string(4, size).data(), 4);
    }
    expect_refused(scratch.store(), Errc::corrupt, "data.mdb");
  }
}

TEST(EmbeddedDamage, AnEntryWithAFlippedBitIsDeliveredAsDefectWithItsBytes) {
  const Scratch scratch;
  create(scratch, [](const broker::Store& store) {
    join(*store.broker, "group", "member").value();
    append(*store.broker, {event("good-1"), event("bad", "t", R"({"text":"flip me please"})"), event("good-2")})
        .value();
  });
  ASSERT_GT(flip_a_bit_of(scratch.file("data.mdb"), "flip me please"), 0u);

  const auto store = embedded::open({.path = scratch.store()});
  auto request = fetch("group", "member");
  const auto fetched = exchange(*store.broker, request).value();
  ASSERT_EQ(fetched.deliveries.size(), 3u);
  const auto& bad = fetched.deliveries[1];
  EXPECT_TRUE(fetched.deliveries[0].entry.defect.empty());
  EXPECT_NE(bad.entry.defect.find("checksum"), std::string_view::npos) << bad.entry.defect;
  EXPECT_NE(bad.entry.event.data.find("please"), std::string_view::npos) << "the raw bytes are kept";

  request.settlements = acknowledge(fetched.deliveries);
  request.settlements[1].verdict = broker::Settlement::Verdict::dead_letter;
  request.settlements[1].reason = "unreadable";
  EXPECT_EQ(exchange(*store.broker, request).value().settled, std::vector<broker::Settled>(3, broker::Settled::done));
  const auto letters = answer<broker::DeadLetterPage>([&](auto reply) {
                         store.admin->dead_letters({"things", "group"}, 0, 10, reply);
                       }).value();
  ASSERT_EQ(letters.letters.size(), 1u);
  EXPECT_EQ(letters.letters[0].id, bad.entry.id);
  EXPECT_NE(letters.letters[0].entry.event.data.find("please"), std::string_view::npos);
  EXPECT_FALSE(letters.letters[0].entry.defect.empty());
}

TEST(EmbeddedDamage, AStateRecordWithAFlippedBitIsNamed) {
  const Scratch scratch;
  create(scratch, [](const broker::Store& store) {
    join(*store.broker, "group", "member").value();
    append(*store.broker, {event("1")}).value();
    auto request = fetch("group", "member");
    request.settlements = acknowledge(exchange(*store.broker, request).value().deliveries);
    request.settlements[0].verdict = broker::Settlement::Verdict::park;
    request.settlements[0].progress.note = "a note to be damaged";
    request.max_entries = 0;
    exchange(*store.broker, request).value();
  });
  ASSERT_GT(flip_a_bit_of(scratch.file("data.mdb"), "a note to be damaged"), 0u);
  EXPECT_FALSE(embedded::check({.path = scratch.store()}).empty());
  const auto store = embedded::open({.path = scratch.store()});
  const auto result = exchange(*store.broker, fetch("group", "member"));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Errc::corrupt);
  EXPECT_NE(result.error().message.find("a parked entry's record"), std::string::npos) << result.error().message;
  EXPECT_TRUE(append(*store.broker, {event("2")}).has_value()) << "others are not disturbed";
}

TEST(EmbeddedDamage, AStoreOfANewerVersionIsLeftAlone) {
  const Scratch scratch;
  create_with_events(scratch, 1);
  Child newer([&] {
    const RawEnvironment environment(scratch.store());
    MDB_txn* const txn = environment.begin();
    MDB_dbi state = 0;
    if (mdb_dbi_open(txn, "state", 0, &state) != 0) return 1;
    const embedded::Key key(embedded::Kind::format);
    std::string bytes;
    embedded::FormatRecord format;
    format.version = 7;
    format.oldest_reader = 6;
    const auto record = format.encode(key, bytes);
    MDB_val k{key.view().size(), const_cast<char*>(key.view().data())};  // NOLINT
    MDB_val v{record.size(), const_cast<char*>(record.data())};          // NOLINT
    return mdb_put(txn, state, &k, &v, 0) == 0 && mdb_txn_commit(txn) == 0 ? 0 : 2;
  });
  ASSERT_EQ(newer.exit_status(), 0);
  expect_refused(scratch.store(), Errc::incompatible, "newer version");
}

// --- rights ------------------------------------------------------------------------------------------------------

TEST(EmbeddedDamage, TheDirectoryAndItsFilesAreForTheirOwnerAlone) {
  const Scratch scratch;
  create_with_events(scratch, 1);
  struct stat info{};
  ASSERT_EQ(::stat(scratch.store().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  for (const char* name : {"data.mdb", "lock.mdb", "doorbell"}) {
    ASSERT_EQ(::stat(scratch.file(name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 07777, 0600u) << name;
  }
}

TEST(EmbeddedDamage, AForbiddenDirectoryIsNamedWithTheUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can take on another user";
  const Scratch scratch;
  create_with_events(scratch, 1);
  ASSERT_EQ(::chmod(scratch.path().c_str(), 0755), 0);
  Child nobody([&] {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) return 1;
    for (const auto& path : {scratch.store(), scratch.path() + "/new"}) {
      try {
        embedded::open({.path = path});
        return 2;
      } catch (const Error& error) {
        const std::string message = error.what();
        if (error.code() != Errc::permission) return 3;
        if (message.find(path) == std::string::npos || message.find("65534") == std::string::npos) return 4;
      }
    }
    return 0;
  });
  EXPECT_EQ(nobody.exit_status(), 0);
}

TEST(EmbeddedDamage, SymbolicLinksAreRefused) {
  const Scratch scratch;
  create_with_events(scratch, 1);
  const auto link = scratch.path() + "/link";
  fs::create_directory_symlink(scratch.store(), link);
  expect_refused(link, Errc::permission, "symbolic link");
  expect_refused(link + "/", Errc::permission, "symbolic link");
  fs::rename(scratch.file("data.mdb"), scratch.path() + "/elsewhere");
  fs::create_symlink(scratch.path() + "/elsewhere", scratch.file("data.mdb"));
  expect_refused(scratch.store(), Errc::permission, "data.mdb");
}

}  // namespace
}  // namespace collective::embedded_test
