#include "broker/redis/channel.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "broker/redis/backoff.hpp"
#include "broker/redis/fault.hpp"

namespace collective::redis {
namespace {

struct Call {
  Request request;
  Channel::Done done;
  Clock::time_point deadline;
  bool with_text = false;  ///< the server did not know the script by its name
};

/// What a user's callback throws is its own affair; the connection goes on.
void finish(const Call& call, Outcome outcome) noexcept {
  try {
    call.done(std::move(outcome));
  } catch (...) {  // NOLINT(bugprone-empty-catch)
  }
}

constexpr std::size_t most_buffered = std::size_t{4} << 20;  // bytes written ahead of the socket

}  // namespace

/// Outlives the channel when its thread is still busy at the end of `close`.
class Channel::Worker {
 public:
  explicit Worker(std::shared_ptr<const Server> server)
      : server_(std::move(server)), backoff_(server_->options.longest_pause) {}

  void run();
  void wait_until_connected(Clock::time_point deadline);
  void send(Request request, Done done);
  void close(Clock::time_point deadline);

 private:
  using Lock = std::unique_lock<std::mutex>;

  void serve(Connection& connection);
  void move_to_wire();
  bool take_answers(Connection& connection);
  void answer_front(AnswerPointer answer);
  void end(std::deque<Call>& calls, Errc code, const std::string& why);
  void expire();
  void pause();
  void connection_lost(const Fault& fault);
  bool finished_when_closing();
  Clock::time_point next_deadline();

  const std::shared_ptr<const Server> server_;
  Interrupt interrupt_;
  Backoff backoff_;   // of the worker's thread
  std::string wire_;  // of the worker's thread: bytes to be written

  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::deque<Call> waiting_;                // not sent yet
  std::deque<Call> on_the_way_;             // sent, in order
  std::deque<Call> again_;                  // to be sent once more, by their text
  std::optional<broker::Failure> trouble_;  // why there is no connection
  std::thread::id thread_;
  bool connected_ = false;
  bool asleep_ = false;  // the thread waits, and must be interrupted to see news
  bool answering_ = false;
  bool closing_ = false;
  Clock::time_point close_by_{};
  bool ended_ = false;
};

void Channel::Worker::wait_until_connected(Clock::time_point deadline) {
  Lock lock(mutex_);
  const auto hopeless = [&] { return trouble_ && trouble_->code != Errc::unavailable; };
  changed_.wait_until(lock, deadline, [&] { return connected_ || hopeless(); });
  if (connected_) return;
  if (trouble_) throw Fault(trouble_->code, trouble_->message);
  throw Fault(Errc::unavailable, "cannot connect to " + server_->name + ": no answer in time");
}

void Channel::Worker::send(Request request, Done done) {
  Call call{std::move(request), std::move(done), Clock::now() + server_->options.command_timeout};
  {
    const Lock lock(mutex_);
    if (!closing_) {
      waiting_.push_back(std::move(call));
      if (std::exchange(asleep_, false)) interrupt_.raise();
      return;
    }
  }
  finish(call, broker::Failure{Errc::not_connected, "the broker was closed; connect again"});
}

void Channel::Worker::close(Clock::time_point deadline) {
  Lock lock(mutex_);
  const bool inside = thread_ == std::this_thread::get_id();
  if (!std::exchange(closing_, true)) close_by_ = deadline;
  asleep_ = false;
  interrupt_.raise();
  if (!inside) changed_.wait_until(lock, deadline, [&] { return ended_; });
  auto sent = std::exchange(on_the_way_, {});
  auto unsent = std::exchange(again_, {});
  for (auto& call : waiting_) unsent.push_back(std::move(call));
  waiting_.clear();
  // An answer that is being given right now is part of "everything is answered"; it must not block, so this is short.
  if (!inside) changed_.wait_for(lock, std::chrono::milliseconds(500), [&] { return !answering_; });
  lock.unlock();
  end(sent, Errc::unknown, "the broker was closed before the answer came; the step may have been applied");
  end(unsent, Errc::not_connected, "the broker was closed; nothing was sent");
}

void Channel::Worker::end(std::deque<Call>& calls, Errc code, const std::string& why) {
  for (const auto& call : calls) finish(call, broker::Failure{code, why});
  calls.clear();
}

void Channel::Worker::run() {
  {
    const Lock lock(mutex_);
    thread_ = std::this_thread::get_id();
  }
  while (!finished_when_closing()) {
    try {
      interrupt_.clear();
      Connection connection(*server_, interrupt_, Clock::now() + server_->options.connect_timeout);
      {
        const Lock lock(mutex_);
        connected_ = true;
        trouble_.reset();
        changed_.notify_all();
      }
      backoff_.reset();
      serve(connection);
    } catch (const Fault& fault) {
      connection_lost(fault);
      pause();
    }
  }
  const Lock lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

/// While closing there is no new attempt: what still waits is answered by `close`.
bool Channel::Worker::finished_when_closing() {
  const Lock lock(mutex_);
  return closing_;
}

void Channel::Worker::serve(Connection& connection) {
  wire_.clear();
  while (true) {
    {
      const Lock lock(mutex_);
      asleep_ = false;
      move_to_wire();
      const bool idle = on_the_way_.empty() && again_.empty() && waiting_.empty();
      if (closing_ && (idle || Clock::now() >= close_by_)) return;
    }
    if (!wire_.empty()) connection.write_some(wire_);
    bool busy = take_answers(connection);
    expire();
    {
      const Lock lock(mutex_);
      busy = busy || (!waiting_.empty() && on_the_way_.size() < server_->options.window && again_.empty() &&
                      wire_.size() < most_buffered);
      asleep_ = !busy;
    }
    if (busy) continue;
    connection.wait(!wire_.empty(), next_deadline());
    interrupt_.clear();
  }
}

// Calls that have to be repeated by their text wait until all that was sent is answered, and then go first: so the order
// of `send` stays the order of the server.
void Channel::Worker::move_to_wire() {
  if (!again_.empty()) {
    if (!on_the_way_.empty()) return;
    for (; !again_.empty(); again_.pop_back()) waiting_.push_front(std::move(again_.back()));
  }
  while (!waiting_.empty() && on_the_way_.size() < server_->options.window && wire_.size() < most_buffered) {
    auto& call = waiting_.front();
    call.request.write(wire_, call.with_text);
    on_the_way_.push_back(std::move(call));
    waiting_.pop_front();
  }
}

bool Channel::Worker::take_answers(Connection& connection) {
  connection.read_some();
  bool any = false;
  while (auto answer = connection.next()) {
    answer_front(std::move(answer));
    any = true;
  }
  return any;
}

void Channel::Worker::answer_front(AnswerPointer answer) {
  std::optional<Call> call;
  {
    const Lock lock(mutex_);
    if (on_the_way_.empty()) return;  // `close` has answered it
    call.emplace(std::move(on_the_way_.front()));
    on_the_way_.pop_front();
    if (answer->root.is_error() && answer->root.text.starts_with("NOSCRIPT") && !call->with_text) {
      call->with_text = true;
      again_.push_back(std::move(*call));
      return;
    }
    answering_ = true;
  }
  finish(*call, std::move(answer));
  const Lock lock(mutex_);
  answering_ = false;
  if (closing_) changed_.notify_all();
}

/// Ends calls that waited too long to be sent. One that waits too long for its answer ends the connection.
void Channel::Worker::expire() {
  std::deque<Call> late;
  std::string why;
  {
    const Lock lock(mutex_);
    why = trouble_ ? trouble_->message : server_->name + " is too busy; nothing was sent";
    const auto now = Clock::now();
    while (!waiting_.empty() && waiting_.front().deadline <= now) {
      late.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    if (!on_the_way_.empty() && on_the_way_.front().deadline <= now)
      throw Fault(Errc::unavailable, server_->name + " did not answer in time");
  }
  end(late, Errc::unavailable, why);
}

Clock::time_point Channel::Worker::next_deadline() {
  const Lock lock(mutex_);
  auto next = Clock::now() + std::chrono::seconds(60);
  if (!on_the_way_.empty()) next = std::min(next, on_the_way_.front().deadline);
  if (!waiting_.empty()) next = std::min(next, waiting_.front().deadline);
  if (closing_) next = std::min(next, close_by_);
  return next;
}

void Channel::Worker::connection_lost(const Fault& fault) {
  std::deque<Call> sent;
  std::deque<Call> refused;
  {
    const Lock lock(mutex_);
    connected_ = false;
    trouble_ = fault.failure();
    sent.swap(on_the_way_);
    for (; !again_.empty(); again_.pop_back()) waiting_.push_front(std::move(again_.back()));
    if (fault.code() != Errc::unavailable) refused.swap(waiting_);  // waiting does not help
    answering_ = true;
    changed_.notify_all();
  }
  end(sent, Errc::unknown, std::string(fault.what()) + "; the step may have been applied");
  end(refused, fault.code(), fault.what());
  const Lock lock(mutex_);
  answering_ = false;
  changed_.notify_all();
}

void Channel::Worker::pause() {
  const auto until = Clock::now() + backoff_.next();
  while (Clock::now() < until) {
    expire();
    Clock::time_point wake = std::min(until, next_deadline());
    {
      const Lock lock(mutex_);
      if (closing_) return;
    }
    interrupt_.wait(-1, 0, wake);
    interrupt_.clear();
  }
}

Channel::Channel(std::shared_ptr<const Server> server) : worker_(std::make_shared<Worker>(std::move(server))) {
  std::thread([worker = worker_] { worker->run(); }).detach();
}

Channel::~Channel() {
  close(Clock::now() + std::chrono::seconds(1));
}

void Channel::wait_until_connected(Clock::time_point deadline) {
  worker_->wait_until_connected(deadline);
}

void Channel::send(Request request, Done done) {
  worker_->send(std::move(request), std::move(done));
}

void Channel::close(Clock::time_point deadline) {
  worker_->close(deadline);
}

}  // namespace collective::redis
