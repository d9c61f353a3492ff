#include "runtime/answers.hpp"

#include "collective/error.hpp"

#include "event/metadata.hpp"
#include "runtime/await.hpp"

namespace collective::runtime {

Answers::Answers(std::shared_ptr<broker::Broker> broker, Millis operation_timeout)
    : broker_(std::move(broker)), timeout_(operation_timeout) {
  thread_ = std::thread([this] { run(); });
}

Answers::~Answers() {
  close();
}

broker::Result<broker::Page> Answers::read(broker::Read request) {
  return await<broker::Page>([&](auto reply) { broker_->read(std::move(request), std::move(reply)); }, timeout_, false,
                             "reading the stream", stop_.get_token());
}

Answers::Id Answers::wait(const std::string& stream, engine::Wanted wanted, std::optional<EntryId> from, Millis timeout,
                          Done done) {
  std::unique_lock lock(mutex_);
  if (closing_) throw Error(Errc::cancelled, "the client is closed: nothing waits any more");
  auto& tail = tails_[stream];
  if (!tail.watch) {
    tail.watch = broker_->watch(stream, [weak = weak_from_this(), stream] {
      const auto self = weak.lock();
      if (!self) return;
      const std::lock_guard guard(self->mutex_);
      self->tails_[stream].news = true;
      self->wake_.notify_one();
    });
  }
  // Nobody waited: what was stored meanwhile is of no interest. The position is taken under the lock, so that the reader
  // cannot run ahead of it.
  if (tail.table.size() == 0) {
    auto page = read({.stream = stream, .after = EntryId::max(), .limit = 1});
    if (!page) {
      const auto code = stop_.stop_requested() ? Errc::cancelled : Errc::unavailable;
      throw Error(code, "cannot wait on stream \"" + stream + "\": " + page.error().message);
    }
    tail.position = page->last;
  }
  const auto id = next_id_++;
  const auto until = tail.position;
  const auto deadline = Clock::now() + timeout;
  tail.table.add(id, wanted);
  waits_.emplace(id,
                 Wait{stream, deadline, std::move(done),
                      "no " + wanted.type + " with correlation id \"" + wanted.correlation_id + "\" came on stream \"" +
                          stream + "\" within " + std::to_string(timeout.count()) + " ms"});
  deadlines_.emplace(deadline, id);
  tail.news = true;
  wake_.notify_one();
  lock.unlock();
  if (from) look_back(id, stream, wanted, *from, until);
  return id;
}

void Answers::forget(Id id) {
  const std::lock_guard lock(mutex_);
  take(id);
}

// What comes after `until` is the tail reader's.
void Answers::look_back(Id id, const std::string& stream, const engine::Wanted& wanted, EntryId from, EntryId until) {
  while (from < until) {
    auto page = read({.stream = stream, .after = from, .until = until});
    if (!page) {
      return end(id, broker::Failure{page.error().code, "cannot look back on stream \"" + stream +
                                                            "\" for an answer: " + page.error().message});
    }
    if (page->entries.empty()) return;
    for (const auto& entry : page->entries) {
      const auto& event = entry.event;
      if (!entry.defect.empty() || event.type != wanted.type) continue;
      const auto causation = wanted.request_id.empty() ? std::string() : event::causation_id(event.metadata);
      if (!engine::answers(wanted, event.type, event.correlation_id, causation)) continue;
      return end(id, AnyEvent(entry.id, event));
    }
    from = page->entries.back().id;
  }
}

void Answers::end(Id id, broker::Result<AnyEvent> result) {
  std::unique_lock lock(mutex_);
  const auto done = take(id);
  lock.unlock();
  if (done) done(std::move(result));
}

Answers::Done Answers::take(Id id) {
  const auto found = waits_.find(id);
  if (found == waits_.end()) return nullptr;
  auto done = std::move(found->second.done);
  tails_[found->second.stream].table.remove(id);
  auto [first, last] = deadlines_.equal_range(found->second.deadline);
  for (auto it = first; it != last; ++it) {
    if (it->second == id) {
      deadlines_.erase(it);
      break;
    }
  }
  waits_.erase(found);
  return done;
}

// In turns: one stream on which something comes all the time does not keep the others waiting.
std::optional<std::string> Answers::next_stream() {
  auto next = tails_.upper_bound(last_read_);
  for (std::size_t left = tails_.size(); left > 0; --left, ++next) {
    if (next == tails_.end()) next = tails_.begin();
    auto& [stream, tail] = *next;
    if (!tail.news || tail.table.size() == 0) continue;
    tail.news = false;
    return last_read_ = stream;
  }
  return std::nullopt;
}

void Answers::run() {
  std::unique_lock lock(mutex_);
  while (!closing_) {
    expire(lock);
    if (closing_) break;  // since a wait's end was told outside the lock
    if (const auto stream = next_stream()) {
      read_tail(lock, *stream);
    } else if (deadlines_.empty()) {
      wake_.wait(lock);
    } else {
      const auto next = deadlines_.begin()->first;  // a copy: the wait may end after the entry is gone
      wake_.wait_until(lock, next);
    }
  }
  fail_all(lock, Errc::cancelled, "the client was closed while waiting");
}

void Answers::read_tail(std::unique_lock<std::mutex>& lock, const std::string& stream) {
  const auto after = tails_[stream].position;
  lock.unlock();
  auto page = read({.stream = stream, .after = after});
  lock.lock();
  auto& tail = tails_[stream];
  if (!page) {  // try again with the next deadline or news at the latest; a wait ends by its own timeout
    tail.news = true;
    wake_.wait_for(lock, Millis(50));
    return;
  }
  if (page->entries.empty()) return;
  // A wait that began meanwhile, when nobody else waited, has moved the position on.
  std::vector<std::pair<Done, const broker::Entry*>> ended;
  std::vector<Id> answered;
  for (const auto& entry : page->entries) {
    if (!entry.defect.empty() || entry.id <= tail.position) continue;
    answered.clear();
    tail.table.offer(entry.event, answered);
    for (const auto id : answered) {
      if (auto done = take(id)) ended.emplace_back(std::move(done), &entry);
    }
  }
  tail.position = std::max(tail.position, page->entries.back().id);
  tail.news = true;  // there may be more
  if (ended.empty()) return;
  lock.unlock();
  for (const auto& [done, entry] : ended) done(AnyEvent(entry->id, entry->event));
  lock.lock();
}

// Before a wait ends without its answer, its stream is read once more: the process that stored the answer may have been
// killed before it could tell anybody.
void Answers::expire(std::unique_lock<std::mutex>& lock) {
  const auto now = Clock::now();
  std::vector<std::pair<Done, std::string>> ended;
  for (auto due = deadlines_.begin(); due != deadlines_.end() && due->first <= now;) {
    const auto id = (due++)->second;
    auto& wait = waits_.at(id);
    if (std::exchange(wait.looked_again, true)) {
      auto what = std::move(wait.what);
      ended.emplace_back(take(id), std::move(what));
    } else {
      tails_[wait.stream].news = true;
    }
  }
  if (ended.empty()) return;
  lock.unlock();
  for (const auto& [done, what] : ended) done(broker::Failure{Errc::timeout, what});
  lock.lock();
}

void Answers::fail_all(std::unique_lock<std::mutex>& lock, Errc code, const std::string& why) {
  while (!waits_.empty()) {
    const auto done = take(waits_.begin()->first);
    lock.unlock();
    done(broker::Failure{code, why});
    lock.lock();
  }
}

void Answers::close() {
  std::map<std::string, Tail> tails;
  stop_.request_stop();
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock(mutex_);
  tails.swap(tails_);  // the watches end outside the lock that their calls take
}

std::size_t Answers::waiting() const {
  const std::lock_guard lock(mutex_);
  return waits_.size();
}

}  // namespace collective::runtime
