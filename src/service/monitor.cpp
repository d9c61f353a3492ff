#include "service/monitor.hpp"

namespace collective::service {
namespace {

constexpr std::size_t most_marks = 10;
/// A sample may take at most this part of the time.
constexpr int share = 20;

}  // namespace

Monitor::Monitor(EventClient client, std::chrono::milliseconds interval)
    : client_(std::move(client)), interval_(interval), thread_([this] { work(); }) {}

Monitor::~Monitor() {
  stop();
}

void Monitor::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
    taken_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const Snapshot> Monitor::latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

void Monitor::sample_now() {
  std::unique_lock lock(mutex_);
  const auto mine = begun_ + 1;
  wanted_ = mine;
  wake_.notify_all();
  taken_.wait(lock, [&] { return stopping_ || done_ >= mine; });
}

void Monitor::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto number = ++begun_;
    lock.unlock();
    const auto began = Clock::now();
    auto snapshot = std::make_shared<const Snapshot>(sample());
    const auto took = Clock::now() - began;
    lock.lock();
    latest_ = std::move(snapshot);
    done_ = number;
    taken_.notify_all();
    const auto pause = std::max<Clock::duration>(interval_, took * share);
    wake_.wait_for(lock, pause, [&] { return stopping_ || wanted_ > begun_; });
  }
}

Snapshot Monitor::sample() {
  Snapshot snapshot;
  snapshot.at = Clock::now();
  snapshot.taken = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  try {
    for (const auto& name : client_.streams()) add_stream(name, snapshot);
    snapshot.connected = true;
  } catch (const std::exception& error) {
    snapshot.streams = latest()->streams;
    snapshot.error = error.what();
  }
  return snapshot;
}

void Monitor::add_stream(const std::string& name, Snapshot& snapshot) {
  try {
    StreamSample stream;
    stream.info = client_.stream_info(name);
    stream.rate = rate_of(stream.info, snapshot.at);
    stream.groups = client_.groups(name);
    snapshot.streams.push_back(std::move(stream));
  } catch (const Error& error) {
    if (error.code() != Errc::not_found) throw;  // it was deleted since it was listed
    marks_.erase(name);
  }
}

double Monitor::rate_of(const StreamInfo& info, Clock::time_point at) {
  auto& marks = marks_[info.name];
  if (!marks.empty() && marks.back().appended > info.appended) marks.clear();  // the stream began anew
  marks.push_back({at, info.appended});
  if (marks.size() > most_marks) marks.pop_front();
  const double seconds = std::chrono::duration<double>(at - marks.front().at).count();
  return seconds > 0 ? static_cast<double>(info.appended - marks.front().appended) / seconds : 0;
}

}  // namespace collective::service
