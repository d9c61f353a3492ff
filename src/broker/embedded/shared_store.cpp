#include "broker/embedded/shared_store.hpp"

#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

namespace collective::embedded {
namespace {

/// A thread that opens a store. It may hang in LMDB, because a stopped process holds a lock, and is then left behind.
struct Opening {
  std::size_t waiting = 0;  ///< callers of `share`
  bool ended = false;
  std::exception_ptr failure;  ///< null: the store is open
};

// LMDB's locks break when a process opens one environment twice, so the process keeps this one table.
struct Slot {
  std::shared_ptr<SharedStore> open;   ///< null once the last user gave it back
  std::weak_ptr<const void> presence;  ///< of the environment; outlives `open` while a hanging thread holds it
  std::shared_ptr<Opening> opening;    ///< null: nobody opens it now
  std::size_t users = 0;
};
struct Table {
  std::mutex mutex;
  std::condition_variable opened;       ///< an Opening ended
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

Fault still_opening(const std::string& path) {
  return {Errc::unavailable,
          "embedded store " + path +
              ": it could not be opened in time, because another process is stopped while it creates or opens it; "
              "continue or end that process, then try again"};
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

// With the table's lock held; the thread takes it when it is through.
void open_in_background(Slot& slot, Directory directory, const Options& options) {
  slot.opening = std::make_shared<Opening>();
  std::thread([&slot, opening = slot.opening, options, directory = std::move(directory)]() mutable {
    std::shared_ptr<Environment> environment;  // closed after the lock is released when nobody waits any more
    try {
      environment = std::make_shared<Environment>(std::move(directory), options);
    } catch (...) {
      opening->failure = std::current_exception();
    }
    auto& [mutex, opened, slots] = table();
    const std::lock_guard lock(mutex);
    if (environment) {
      slot.presence = environment->presence();
      if (opening->waiting > 0) slot.open = std::make_shared<SharedStore>(environment);
      slot.users = 0;
    }
    slot.opening.reset();
    opening->ended = true;
    opened.notify_all();
  }).detach();
}

void wait_for(std::shared_ptr<Opening> opening, std::unique_lock<std::mutex>& lock,
              std::chrono::steady_clock::time_point give_up, const std::string& path) {
  ++opening->waiting;
  const bool ended = table().opened.wait_until(lock, give_up, [&] { return opening->ended; });
  --opening->waiting;
  if (!ended) throw still_opening(path);
  if (opening->failure) std::rethrow_exception(opening->failure);
}

}  // namespace

SharedStore::SharedStore(std::shared_ptr<Environment> opened)
    : environment(std::move(opened)),
      writer(std::make_shared<Writer>(environment)),
      listener(std::make_shared<Listener>(environment)) {
  writer->start();
}

std::shared_ptr<SharedStore> share(const Options& options) {
  const Directory directory(options.path);
  const auto id = directory.id();
  const auto& path = directory.path();
  const auto give_up = std::chrono::steady_clock::now() + options.open_timeout;
  auto& [mutex, opened, slots] = table();
  std::unique_lock lock(mutex);
  while (true) {
    auto& slot = slots[id];  // elements of a map stay where they are, and none is ever removed
    if (slot.open) return join_open(slot, options, path);
    if (slot.opening || slot.presence.expired()) {
      if (!slot.opening) open_in_background(slot, directory.duplicate(), options);
      wait_for(slot.opening, lock, give_up, path);
    } else if (std::chrono::steady_clock::now() >= give_up) {
      throw still_closing(path);
    } else {
      lock.unlock();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));  // a thread left behind says to nobody when it ends
      lock.lock();
    }
  }
}

void give_back(std::shared_ptr<SharedStore> store, std::chrono::steady_clock::time_point deadline) {
  auto& [mutex, opened, slots] = table();
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
