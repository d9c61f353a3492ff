#include "broker/embedded/writer.hpp"

#include <algorithm>

namespace collective::embedded {
namespace {

constexpr std::size_t longest_batch = 1024;                 // steps in one transaction
constexpr auto minder_tick = std::chrono::milliseconds(5);  // twice this bounds what a system crash may undo
constexpr auto reap_interval = std::chrono::seconds(10);

broker::Failure never_begun(const std::string& path) {
  return {Errc::unavailable, "embedded store " + path +
                                 ": its writer lock was not free in time, nothing was stored; another "
                                 "process may be stopped while it holds the lock: continue or end it, then try again"};
}

broker::Failure under_way(const std::string& path) {
  return {Errc::unknown, "embedded store " + path +
                             ": the commit did not end in time; whether it was stored is not known: "
                             "look for it, or publish again with the same event id"};
}

}  // namespace

void Writer::start() {
  writer_ = std::thread([self = shared_from_this()] { self->write_loop(); });
  minder_ = std::thread([self = shared_from_this()] { self->mind_loop(); });
}

void Writer::submit(std::shared_ptr<Operation> operation) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      queue_.push_back(std::move(operation));
      if (queue_.size() == 1) queued_.notify_one();
      wake_minder();
      return;
    }
  }
  operation->fail(
      {Errc::unavailable, "embedded store " + environment_->path() + ": it is being closed; nothing was stored"});
}

bool Writer::on_own_thread() const {
  const auto self = std::this_thread::get_id();
  return self == writer_.get_id() || self == minder_.get_id();
}

bool Writer::drain(const void* owner, Clock::time_point deadline) {
  if (on_own_thread()) return false;  // an answer closes the store: what it waits for is itself
  std::unique_lock lock(mutex_);
  const auto of_owner = [owner](const auto& operation) { return operation->owner() == owner; };
  return settled_.wait_until(lock, deadline, [&] {
    return std::none_of(queue_.begin(), queue_.end(), of_owner) && std::none_of(taken_.begin(), taken_.end(), of_owner);
  });
}

void Writer::give_up(const void* owner) {
  Batch waiting;
  Batch applied;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(queue_, [&](const auto& operation) {
      if (operation->owner() != owner) return false;
      waiting.push_back(operation);
      return true;
    });
    for (const auto& operation : taken_) {
      if (operation->owner() == owner) applied.push_back(operation);
    }
  }
  for (const auto& operation : waiting) operation->fail(never_begun(environment_->path()));
  for (const auto& operation : applied) operation->fail(under_way(environment_->path()));
}

bool Writer::stop(Clock::time_point deadline) {
  bool ended = false;
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    queued_.notify_all();
    minder_wakes_.notify_all();
    if (!on_own_thread()) ended = settled_.wait_until(lock, deadline, [&] { return writer_ended_ && minder_ended_; });
  }
  for (auto* const thread : {&writer_, &minder_}) {
    if (!thread->joinable()) continue;
    if (ended) {
      thread->join();
    } else {
      thread->detach();
    }
  }
  return ended;
}

// --- the writer's thread ----------------------------------------------------------------------------------------

void Writer::write_loop() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      queued_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) break;
    }
    write_once();
  }
  const std::lock_guard lock(mutex_);
  writer_ended_ = true;
  settled_.notify_all();
}

void Writer::write_once() {
  auto& bell = environment_->doorbell();
  bell.let_others(environment_->options().linger);
  Batch batch;
  try {
    environment_->check_usable();
    bell.queue_up();
    Environment::WriteTransaction transaction(*environment_);
    bell.step_in();
    batch = take();
    if (batch.empty()) return;  // all of it was given up meanwhile
    commit(batch, transaction);
  } catch (const std::exception& fault) {
    const auto failure = failure_of(fault);
    if (batch.empty()) {
      refuse_queue(failure);
    } else if (batch.size() == 1 || failure.code == Errc::unknown) {
      for (const auto& operation : batch) operation->fail(failure);
    } else {
      one_by_one(batch);  // one of them spoiled it for all
    }
  }
  done();
}

broker::Failure Writer::failure_of(const std::exception& fault) const {
  if (const auto* const known = dynamic_cast<const Fault*>(&fault)) return known->failure();
  return {Errc::internal, "embedded store " + environment_->path() + ": " + fault.what()};
}

Writer::Batch Writer::take() {
  const std::lock_guard lock(mutex_);
  while (!queue_.empty() && taken_.size() < longest_batch) {
    taken_.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return taken_;
}

void Writer::commit(const Batch& batch, Environment::WriteTransaction& transaction) {
  Unit unit(transaction);
  for (const auto& operation : batch) operation->apply(unit);
  unit.finish();
  commit(unit, transaction);
  {
    const std::lock_guard lock(mutex_);
    unflushed_ = environment_->options().sync == Sync::commit;
    last_commit_ = Clock::now();
  }
  for (const auto& operation : batch) operation->succeed();
}

void Writer::commit(const Unit& unit, Environment::WriteTransaction& transaction) {
  if (!unit.has_news()) return transaction.commit();
  auto& bell = environment_->doorbell();
  Doorbell::Announcement announcement(bell, transaction.number());
  transaction.commit();
  unit.ring(bell);
  announcement.told();
}

void Writer::one_by_one(const Batch& batch) {
  for (const auto& operation : batch) {
    // Reported as unknown meanwhile: whoever was told so may have looked for it since, and must not find it later.
    if (operation->answered()) continue;
    try {
      environment_->check_usable();
      Environment::WriteTransaction transaction(*environment_);
      commit({operation}, transaction);
    } catch (const std::exception& fault) {
      operation->fail(failure_of(fault));
    }
  }
}

void Writer::refuse_queue(const broker::Failure& failure) {
  environment_->doorbell().step_in();
  for (const auto& operation : take()) operation->fail(failure);
}

void Writer::done() {
  Batch finished;  // destroyed outside the lock: an operation may own what submits again
  const std::lock_guard lock(mutex_);
  finished.swap(taken_);
  settled_.notify_all();
}

// --- the minder's thread ----------------------------------------------------------------------------------------

bool Writer::quiet() const {
  return queue_.empty() && taken_.empty() && !unflushed_;
}

void Writer::wake_minder() {
  if (minder_sleeps_) minder_wakes_.notify_one();
}

void Writer::mind_loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_ || !writer_ended_) {
    if (quiet() && !stopping_) {
      minder_sleeps_ = true;
      minder_wakes_.wait(lock, [&] { return stopping_ || !quiet(); });
      minder_sleeps_ = false;
    }
    minder_wakes_.wait_for(lock, minder_tick, [&] { return stopping_ && writer_ended_; });
    mind(lock);
  }
  minder_ended_ = true;
  settled_.notify_all();
}

void Writer::mind(std::unique_lock<std::mutex>& lock) {
  const auto now = Clock::now();
  const auto late = overdue(now);
  const Batch hanging =
      !taken_.empty() && now - taken_.front()->since() > environment_->options().write_timeout ? taken_ : Batch{};
  const bool flush = unflushed_ && now - last_commit_ >= minder_tick && taken_.empty();
  if (flush) unflushed_ = false;
  if (!late.empty()) settled_.notify_all();
  lock.unlock();
  for (const auto& operation : late) operation->fail(never_begun(environment_->path()));
  for (const auto& operation : hanging) operation->fail(under_way(environment_->path()));
  try {
    if (flush) environment_->flush();
    if (now - last_reap_ > reap_interval) {
      last_reap_ = now;
      environment_->reap_readers();
    }
  } catch (const Fault&) {
    // A failed flush makes the environment refuse all that follows, with this reason.
  }
  lock.lock();
}

Writer::Batch Writer::overdue(Clock::time_point now) {
  Batch late;
  const auto patience = environment_->options().write_timeout;
  while (!queue_.empty() && now - queue_.front()->since() > patience) {
    late.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return late;
}

}  // namespace collective::embedded
