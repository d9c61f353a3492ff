#include <charconv>
#include <map>
#include <memory>
#include <mutex>

#include "collective/error.hpp"

#include "broker/embedded/embedded.hpp"
#include "broker/memory/memory.hpp"
#include "broker/redis/redis.hpp"
#include "composition/redis_url.hpp"
#include "runtime/broker_table.hpp"

namespace collective::runtime {
namespace {

// memory:NAME means the same store for every client and bus of one process that names it, as embedded:PATH does. That
// takes a table of the process; it holds no store longer than somebody uses it.
class MemoryStores {
 public:
  broker::Store open(BrokerUrl url, const Options&) {
    url.refuse_rest("");
    const std::lock_guard lock(mutex_);
    auto& known = stores_[url.rest];
    if (const auto store = known.lock()) return share(store);
    auto store = std::make_shared<broker::Store>(memory::open(url.rest));
    known = store;
    return share(store);
  }

 private:
  static broker::Store share(const std::shared_ptr<broker::Store>& store) {
    broker::Store shared = *store;
    shared.broker = std::shared_ptr<broker::Broker>(store, store->broker.get());
    shared.admin = std::shared_ptr<broker::Admin>(store, store->admin.get());
    return shared;
  }

  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<broker::Store>> stores_;  // guarded by mutex_
};

broker::Store open_memory(BrokerUrl url, const Options& options) {
  static MemoryStores stores;
  return stores.open(std::move(url), options);
}

embedded::Sync sync_of(const BrokerUrl& url, const std::string& text) {
  if (text == "commit") return embedded::Sync::commit;
  if (text == "full") return embedded::Sync::full;
  if (text == "none") return embedded::Sync::none;
  throw Error(Errc::invalid,
              "broker URL \"" + url.text + "\": sync=" + text + "; allowed are commit (the default), full and none");
}

std::size_t size_of(const BrokerUrl& url, const std::string& text) {
  std::size_t megabytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), megabytes);
  if (error == std::errc() && end == text.data() + text.size() && megabytes >= 1 &&
      megabytes <= (std::size_t{1} << 24)) {
    return megabytes << 20;
  }
  throw Error(Errc::invalid, "broker URL \"" + url.text + "\": max_mb=" + text + "; allowed are 1 to 16777216 (MiB)");
}

broker::Store open_embedded(BrokerUrl url, const Options& options) {
  embedded::Options store;
  store.path = url.rest;
  if (store.path.empty()) {
    throw Error(Errc::invalid,
                "broker URL \"" + url.text +
                    "\" names no directory: write embedded:PATH, for example embedded:/var/lib/event-bus");
  }
  store.sync = sync_of(url, url.take("sync", "commit"));
  if (const auto megabytes = url.take("max_mb", ""); !megabytes.empty()) store.map_size = size_of(url, megabytes);
  url.refuse_rest("sync (commit, full, none), max_mb");
  store.open_timeout = options.connect_timeout;
  // A little sooner than the caller gives up, who so hears what became of the step.
  store.write_timeout = options.operation_timeout - options.operation_timeout / 10;
  return embedded::open(store);
}

broker::Store open_redis(BrokerUrl url, const Options& options) {
  return redis::open(redis_options(std::move(url), options));
}

}  // namespace

BrokerTable default_brokers() {
  return {{"memory", open_memory}, {"embedded", open_embedded}, {"redis", open_redis}, {"rediss", open_redis}};
}

}  // namespace collective::runtime
