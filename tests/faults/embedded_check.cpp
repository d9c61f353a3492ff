// The check of a store reads every record: whichever is damaged is named by its key.
#include "broker/embedded/keys.hpp"
#include "faults/embedded_processes.hpp"
#include "faults/embedded_support.hpp"

namespace collective::embedded_test {
namespace {

using Verdict = broker::Settlement::Verdict;

std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4];
    text += digits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

void append_one(broker::Broker& to, const Envelope& one, Timestamp not_before = {}, bool chosen = false) {
  broker::AppendBatch batch;
  batch.stream = "things";
  batch.now = wall_clock();
  batch.add(one, not_before, chosen);
  answer<std::vector<broker::Appended>>([&](auto reply) { to.append(batch, reply); }).value();
}

/// A store with a record of every kind.
void fill(const std::string& path) {
  const auto store = embedded::open({.path = path, .sync = embedded::Sync::none});
  auto& broker = *store.broker;
  join(broker, "group", "member").value();
  for (const char* id : {"parked", "held", "letter", "republished", "run-1", "run-2"}) append_one(broker, event(id));
  append_one(broker, event("delayed"), wall_clock() + std::chrono::hours(1));
  append_one(broker, event("chosen"), {}, true);
  auto request = fetch("group", "member", 4);
  request.settlements = acknowledge(exchange(broker, request).value().deliveries);
  request.settlements[0].verdict = Verdict::park;
  request.settlements[1].verdict = Verdict::extend;
  request.settlements[1].progress.due = wall_clock() + std::chrono::hours(1);
  request.settlements[2].verdict = request.settlements[3].verdict = Verdict::dead_letter;
  request.max_entries = 0;
  exchange(broker, request).value();
  answer<std::uint64_t>([&](auto reply) {
    store.admin->republish({"things", "group"}, {2}, wall_clock(), reply);
  }).value();
  auto rest = fetch("group", "member", 2);
  rest.visibility = std::chrono::hours(1);
  exchange(broker, rest).value();
  broker.close(std::chrono::steady_clock::now() + std::chrono::seconds(5));
}

/// Every key of the state tree, or another value for one of them. The store is not open meanwhile.
class StateTree {
 public:
  explicit StateTree(const std::string& path) : environment_(path), txn_(environment_.begin()) {
    if (mdb_dbi_open(txn_, "state", 0, &state_) != 0) throw std::runtime_error("there is no state tree");
  }
  ~StateTree() { mdb_txn_commit(txn_); }
  std::vector<std::pair<std::string, std::string>> all() {
    std::vector<std::pair<std::string, std::string>> records;
    MDB_cursor* cursor = nullptr;
    mdb_cursor_open(txn_, state_, &cursor);
    MDB_val key{};
    MDB_val value{};
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) records.emplace_back(text(key), text(value));
    mdb_cursor_close(cursor);
    return records;
  }
  void put(const std::string& key, const std::string& value) {
    auto k = val(key);
    auto v = val(value);
    if (mdb_put(txn_, state_, &k, &v, 0) != 0) throw std::runtime_error("cannot put");
  }
  void erase(const std::string& key) {
    auto k = val(key);
    mdb_del(txn_, state_, &k, nullptr);
  }

 private:
  static std::string text(const MDB_val& value) { return {static_cast<const char*>(value.mv_data), value.mv_size}; }
  static MDB_val val(const std::string& bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }  // NOLINT

  RawEnvironment environment_;
  MDB_txn* txn_;
  MDB_dbi state_ = 0;
};

std::string flipped(std::string bytes) {
  auto& last_but_one = bytes.at(bytes.size() - 2);
  last_but_one = static_cast<char>(last_but_one ^ 0x40);
  return bytes;
}

TEST(EmbeddedCheck, NamesTheDamagedRecordOfEveryKind) {
  const Scratch scratch;
  fill(scratch.store());
  const embedded::Options options{.path = scratch.store(), .sync = embedded::Sync::none};
  ASSERT_EQ(embedded::check(options), std::vector<std::string>());
  const auto records = StateTree(scratch.store()).all();
  std::string kinds;
  for (const auto& [key, value] : records) {
    if (kinds.empty() || kinds.back() != key.front()) kinds += key.front();
    const bool index = value.empty();  // it can only lead elsewhere
    const auto damaged = index ? flipped(key) : key;
    {
      StateTree tree(scratch.store());
      if (index) tree.erase(key);
      tree.put(damaged, index ? value : flipped(value));
    }
    std::string problems;
    for (const auto& problem : embedded::check(options)) problems += problem + "\n";
    EXPECT_NE(problems.find(hex(damaged)), std::string::npos) << "key " << hex(damaged) << " is not named:\n"
                                                              << problems;
    StateTree tree(scratch.store());
    tree.erase(damaged);
    tree.put(key, value);
  }
  EXPECT_EQ(kinds, "CDFGHIJLMPRSUWYgs") << "the store of this test lacks a kind of record";
  EXPECT_EQ(embedded::check(options), std::vector<std::string>());
}

}  // namespace
}  // namespace collective::embedded_test
