#include "broker/embedded/listener.hpp"

namespace collective::embedded {

std::shared_ptr<void> Listener::watch(const std::string& stream, std::function<void()> news) {
  auto watcher = std::make_shared<Watcher>();
  watcher->slot = Doorbell::slot_of(stream);
  watcher->seen = environment_->doorbell().news(watcher->slot);
  watcher->news = std::move(news);
  const std::lock_guard lock(mutex_);
  watchers_.push_back(watcher);
  if (!thread_.joinable() && !stopping_) thread_ = std::thread([self = shared_from_this()] { self->listen(); });
  auto* const raw = watcher.get();
  return {raw, [self = weak_from_this()](void* gone) {
            const auto listener = self.lock();
            if (!listener) return;
            const std::lock_guard guard(listener->mutex_);
            std::erase_if(listener->watchers_, [&](const auto& one) { return one.get() == gone; });
          }};
}

void Listener::stop() {
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    watchers_.clear();
    thread = std::move(thread_);
  }
  if (!thread.joinable()) return;
  environment_->doorbell().ring();
  if (thread.get_id() == std::this_thread::get_id()) {
    thread.detach();  // a watcher closed the store: its thread ends when it returns
  } else {
    thread.join();
  }
}

void Listener::listen() {
  auto& bell = environment_->doorbell();
  while (true) {
    const auto rings = bell.rings();
    std::vector<std::shared_ptr<Watcher>> rung;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      for (const auto& watcher : watchers_) {
        const auto news = bell.news(watcher->slot);
        if (news == watcher->seen) continue;
        watcher->seen = news;
        rung.push_back(watcher);
      }
    }
    for (const auto& watcher : rung) watcher->news();
    if (rung.empty()) wait(rings);
  }
}

void Listener::wait(std::uint32_t rings) {
  auto& bell = environment_->doorbell();
  if (quiet_ticks_ >= Doorbell::ticks_to_doze) {
    bell.doze(rings);
    quiet_ticks_ = 0;
  } else if (bell.wait_for_ring(rings)) {
    quiet_ticks_ = 0;
  } else if (const auto announced = bell.announced(); announced == 0) {
    ++quiet_ticks_;
  } else if (environment_->last_transaction() >= announced) {
    bell.tell_everybody(announced);
  }
}

}  // namespace collective::embedded
