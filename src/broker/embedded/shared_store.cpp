#include "broker/embedded/shared_store.hpp"

#include <map>
#include <mutex>
#include <thread>

namespace collective::embedded {
namespace {

// LMDB's locks break when a process opens one environment twice, so the process keeps this one table.
struct Slot {
  std::shared_ptr<SharedStore> open;   ///< null once the last user gave it back
  std::weak_ptr<const void> presence;  ///< of the environment; outlives `open` while a hanging thread holds it
  std::size_t users = 0;
};
struct Table {
  std::mutex mutex;
  std::map<Directory::Id, Slot> slots;  ///< guarded by mutex
};

Table& table() {
  static auto* const the_table = new Table;  // never destroyed: threads left behind may outlive static objects
  return *the_table;
}

Fault still_closing(const std::string& path) {
  return {Errc::unavailable,
          "embedded store " + path +
              ": this process closed it while a write was hanging, because another "
              "process is stopped and holds the writer lock; continue or end that process, then open it again"};
}

std::shared_ptr<SharedStore> join_open(Slot& slot, const Options& options, const std::string& path) {
  slot.open->environment->check_usable();
  if (slot.open->environment->options().sync != options.sync) {
    throw Fault(Errc::conflict, "embedded store " + path +
                                    ": it is already open in this process with another sync= setting; "
                                    "use the same one everywhere in the process");
  }
  ++slot.users;
  return slot.open;
}

}  // namespace

SharedStore::SharedStore(std::shared_ptr<Environment> opened)
    : environment(std::move(opened)),
      writer(std::make_shared<Writer>(environment)),
      listener(std::make_shared<Listener>(environment)) {
  writer->start();
}

std::shared_ptr<SharedStore> share(const Options& options) {
  Directory directory(options.path);
  const auto id = directory.id();
  auto& [mutex, slots] = table();
  std::unique_lock lock(mutex);
  const auto give_up = std::chrono::steady_clock::now() + options.write_timeout;
  while (true) {
    auto& slot = slots[id];
    if (slot.open) return join_open(slot, options, directory.path());
    if (slot.presence.expired()) break;
    if (std::chrono::steady_clock::now() >= give_up) throw still_closing(directory.path());
    lock.unlock();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // a thread left behind says to nobody when it ends
    lock.lock();
  }
  const auto environment = std::make_shared<Environment>(std::move(directory), options);
  auto& slot = slots[id];
  slot.open = std::make_shared<SharedStore>(environment);
  slot.presence = environment->presence();
  slot.users = 1;
  return slot.open;
}

void give_back(std::shared_ptr<SharedStore> store, std::chrono::steady_clock::time_point deadline) {
  auto& [mutex, slots] = table();
  bool last = false;
  {
    const std::lock_guard lock(mutex);
    for (auto& [id, slot] : slots) {
      if (slot.open != store || --slot.users > 0) continue;
      slot.open.reset();
      last = true;
    }
  }
  if (!last) return;  // others still use it
  store->listener->stop();
  store->writer->stop(deadline);
}

}  // namespace collective::embedded
