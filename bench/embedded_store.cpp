// Measures the embedded store, raw LMDB beside it, in the same setting: events of about 450 bytes in batches, one process
// appending and another consuming. Usage: bench-embedded-store [SECONDS per row, default 2]
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <lmdb.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker/embedded/embedded.hpp"

namespace {

using namespace collective;
using Clock = std::chrono::steady_clock;

struct Setting {
  embedded::Sync sync;
  std::size_t batch;
};
double seconds_per_row = 2;
constexpr const char* last_type = "bench.ended";

Timestamp wall_clock() {
  return std::chrono::time_point_cast<broker::Millis>(std::chrono::system_clock::now());
}

Envelope make_event(std::string id, std::string type) {
  Envelope event;
  event.id = std::move(id);
  event.type = std::move(type);
  event.correlation_id = "01HV0000000000000000000001";
  event.user_id = "user-1";
  event.data = R"({"text":")" + std::string(280, 'x') + R"("})";
  event.metadata = R"({"source":"bench","trace":"00-0123456789abcdef"})";
  return event;
}

broker::AppendBatch make_batch(std::size_t size) {
  broker::AppendBatch batch;
  batch.stream = "bench.events";
  for (std::size_t i = 0; i < size; ++i) {
    batch.add(make_event("01HV0000000000000000" + std::to_string(100'000 + i), "bench.happened"));
  }
  return batch;
}

template <class T>
struct Answer {
  std::promise<broker::Result<T>> promise;
  broker::Reply<T> reply() {
    return [this](broker::Result<T> result) { promise.set_value(std::move(result)); };
  }
  T get() { return promise.get_future().get().value(); }
};

/// Keeps `window` appends under way until told to stop; returns how many events were stored.
std::size_t publish(broker::Broker& to, std::size_t batch_size, std::size_t window,
                    const std::function<bool()>& go_on) {
  const auto batch = make_batch(batch_size);
  std::atomic<std::size_t> under_way{0};
  std::atomic<std::size_t> stored{0};
  while (go_on()) {
    auto now = under_way.load();
    if (now >= window) {
      under_way.wait(now);
      continue;
    }
    ++under_way;
    auto copy = batch;
    copy.now = wall_clock();
    to.append(std::move(copy), [&](const broker::Result<std::vector<broker::Appended>>& result) {
      stored += result.value().size();
      --under_way;
      under_way.notify_one();
    });
  }
  for (auto now = under_way.load(); now > 0; now = under_way.load()) under_way.wait(now);
  auto last = make_batch(0);
  last.add(make_event("01HV0000000000000000999999", last_type));
  last.now = wall_clock();
  Answer<std::vector<broker::Appended>> answer;
  to.append(std::move(last), answer.reply());
  answer.get();
  return stored;
}

void join(broker::Broker& to) {
  broker::Join request;
  request.key = {"bench.events", "group"};
  request.member = "worker~1";
  request.routes = {"bench.happened", last_type};
  request.now = wall_clock();
  Answer<EntryId> answer;
  to.join(request, answer.reply());
  answer.get();
}

/// Consumes until the last event came; each exchange acknowledges what the one before it brought.
std::size_t consume(broker::Broker& from, std::uint32_t batch) {
  std::atomic<std::uint32_t> rung{0};
  const auto watch = from.watch("bench.events", [&] {
    ++rung;
    rung.notify_one();
  });
  std::size_t consumed = 0;
  std::vector<broker::Settlement> settlements;
  for (bool ended = false; !ended;) {
    const auto before = rung.load();
    broker::Exchange request;
    request.key = {"bench.events", "group"};
    request.member = "worker~1";
    request.now = wall_clock();
    request.routes = {"bench.happened", last_type};
    request.max_entries = batch;
    request.settlements = std::move(settlements);
    settlements.clear();
    Answer<broker::Exchanged> answer;
    from.exchange(std::move(request), answer.reply());
    const auto exchanged = answer.get();
    for (const auto& one : exchanged.deliveries) {
      broker::Settlement settlement;
      settlement.ticket = one.ticket;
      settlements.push_back(std::move(settlement));
      ended = ended || one.entry.event.type == last_type;
    }
    consumed += exchanged.deliveries.size();
    if (exchanged.deliveries.empty()) rung.wait(before);
  }
  return consumed;
}

const char* name_of(embedded::Sync sync) {
  return sync == embedded::Sync::none ? "none" : sync == embedded::Sync::full ? "full" : "commit";
}

void report(const char* what, const Setting& setting, std::size_t count, Clock::duration took) {
  const double seconds = std::chrono::duration<double>(took).count();
  std::printf("%-34s sync=%-7s batch %-5zu %10.0f events/s\n", what, name_of(setting.sync), setting.batch,
              static_cast<double>(count) / seconds);
  std::fflush(stdout);
}

std::function<bool()> for_a_while(Clock::time_point start) {
  return [start] { return Clock::now() - start < std::chrono::duration<double>(seconds_per_row); };
}

void append_row(const std::string& path, const Setting& setting) {
  std::filesystem::remove_all(path);
  const auto store = embedded::open({.path = path, .sync = setting.sync});
  const auto start = Clock::now();
  const auto stored = publish(*store.broker, setting.batch, 4, for_a_while(start));
  report("append", setting, stored, Clock::now() - start);
  join(*store.broker);
  const auto begin = Clock::now();
  const auto consumed = consume(*store.broker, static_cast<std::uint32_t>(setting.batch));
  report("exchange (consume what is stored)", setting, consumed, Clock::now() - begin);
  store.broker->close(Clock::now() + std::chrono::seconds(5));
}

void raw_row(const std::string& path, const Setting& setting) {
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  MDB_env* env = nullptr;
  mdb_env_create(&env);
  mdb_env_set_maxdbs(env, 2);
  mdb_env_set_mapsize(env, std::size_t{1} << 36);
  const unsigned flags = setting.sync == embedded::Sync::none ? MDB_NOSYNC : MDB_NOMETASYNC;
  if (mdb_env_open(env, path.c_str(), flags | MDB_NOTLS, 0600) != 0) return;
  MDB_dbi log = 0;
  const std::string value(450, 'x');
  std::uint64_t id = 0;
  const auto start = Clock::now();
  for (const auto go_on = for_a_while(start); go_on();) {
    MDB_txn* txn = nullptr;
    mdb_txn_begin(env, nullptr, 0, &txn);
    if (log == 0) mdb_dbi_open(txn, "log", MDB_CREATE, &log);
    for (std::size_t i = 0; i < setting.batch; ++i) {
      const std::uint64_t big_endian = __builtin_bswap64(++id);
      MDB_val k{sizeof big_endian, const_cast<std::uint64_t*>(&big_endian)};
      MDB_val v{value.size(), const_cast<char*>(value.data())};
      mdb_put(txn, log, &k, &v, MDB_APPEND);
    }
    mdb_txn_commit(txn);
  }
  report("raw LMDB append", setting, id, Clock::now() - start);
  mdb_env_close(env);
}

/// One process publishes, this one consumes.
void two_processes_row(const std::string& path, const Setting& setting) {
  std::filesystem::remove_all(path);
  const auto child = ::fork();
  if (child == 0) {
    const auto store = embedded::open({.path = path, .sync = setting.sync});
    publish(*store.broker, setting.batch, 4, for_a_while(Clock::now()));
    store.broker->close(Clock::now() + std::chrono::seconds(5));
    ::_exit(0);
  }
  const auto store = embedded::open({.path = path, .sync = setting.sync});
  join(*store.broker);
  const auto start = Clock::now();
  const auto consumed = consume(*store.broker, static_cast<std::uint32_t>(std::max<std::size_t>(setting.batch, 100)));
  report("two processes, end to end", setting, consumed, Clock::now() - start);
  ::waitpid(child, nullptr, 0);
  store.broker->close(Clock::now() + std::chrono::seconds(5));
}

}  // namespace

int main(int argc, char** argv) {
  char directory[] = "/tmp/collective-bench-XXXXXX";
  if (mkdtemp(directory) == nullptr) return 1;
  const auto path = (std::filesystem::path(directory) / "store").string();
  if (argc > 1) seconds_per_row = std::atof(argv[1]);
  for (const auto sync : {embedded::Sync::commit, embedded::Sync::none}) {
    for (const std::size_t batch : {1u, 100u, 1000u}) {
      const Setting setting{sync, batch};
      raw_row(path, setting);
      append_row(path, setting);
      two_processes_row(path, setting);
    }
  }
  std::filesystem::remove_all(directory);
}
