#include "service/followers.hpp"

#include <algorithm>

namespace collective::service {
namespace {

constexpr std::chrono::milliseconds patience(250);  // of one call of follow: how long the end of a tail may take
constexpr std::chrono::milliseconds after_failure(500);
constexpr std::size_t page = 256;
constexpr std::size_t most_frames = 1'024;
constexpr std::size_t most_bytes = 4u << 20;

}  // namespace

Frame frame_of(const AnyEvent& event) {
  Frame frame{event.entry_id, event.envelope.type, "id: " + event.entry_id.to_string() + "\nevent: "};
  std::replace_if(
      frame.type.begin(), frame.type.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  ((frame.text += frame.type) += "\ndata: ") += to_json(event);
  frame.text += "\n\n";
  return frame;
}

Tail::Tail(EventClient client, std::string stream, std::chrono::milliseconds tick, Log& log)
    : client_(std::move(client)), stream_(std::move(stream)), tick_(tick), log_(log) {}

Tail::~Tail() {
  stopping_ = true;
  {
    const std::lock_guard lock(mutex_);
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

Tail::Reach Tail::after(EntryId position, const std::function<bool(const Frame&)>& take) const {
  const std::lock_guard lock(mutex_);
  if (!started_) return Reach::starting;
  if (position < floor_) return Reach::behind;
  auto frame = std::upper_bound(ring_.begin(), ring_.end(), position,
                                [](EntryId id, const Frame& other) { return id < other.id; });
  while (frame != ring_.end() && take(*frame)) ++frame;
  return Reach::here;
}

EntryId Tail::floor() const {
  const std::lock_guard lock(mutex_);
  return floor_;
}

std::uint64_t Tail::listen(std::function<void()> listener) {
  const std::lock_guard lock(listeners_mutex_);
  if (ended_) return 0;
  listeners_.emplace(next_listener_, std::move(listener));
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  return next_listener_++;
}

void Tail::forget(std::uint64_t listener) {
  const std::lock_guard lock(listeners_mutex_);
  listeners_.erase(listener);
}

void Tail::tell() {
  const std::lock_guard lock(listeners_mutex_);
  for (const auto& [number, listener] : listeners_) listener();
}

bool Tail::unheard() {
  const std::lock_guard lock(listeners_mutex_);
  return ended_ = listeners_.empty();
}

void Tail::work() {
  auto told = std::chrono::steady_clock::now();
  bool failing = false;
  while (!stopping_ && !unheard()) {
    bool news = false;
    try {
      news = step();
      failing = false;
    } catch (const std::exception& error) {
      if (!std::exchange(failing, true)) log_.write(Severity::warning, error.what(), {{"following", stream_}});
      pause(after_failure);
    }
    const auto now = std::chrono::steady_clock::now();
    if (!news && !poked_.exchange(false) && now - told < tick_) continue;
    told = now;
    tell();
  }
  const std::lock_guard lock(mutex_);  // nobody will ask for it again
  ring_.clear();
}

bool Tail::step() {
  if (!started_) {
    start();
    return true;
  }
  const auto events = client_.follow(stream_, last_, patience, page);
  if (!events.empty()) add(events);
  return !events.empty();
}

void Tail::start() {
  EntryId last{};
  try {
    last = client_.stream_info(stream_).last;
  } catch (const Error& error) {
    if (error.code() != Errc::not_found) throw;  // it begins with its first event
  }
  const std::lock_guard lock(mutex_);
  floor_ = last_ = last;
  started_ = true;
}

void Tail::add(const std::vector<AnyEvent>& events) {
  std::vector<Frame> frames;
  for (const auto& event : events) frames.push_back(frame_of(event));
  const std::lock_guard lock(mutex_);
  for (auto& frame : frames) {
    last_ = frame.id;
    bytes_ += frame.text.size();
    ring_.push_back(std::move(frame));
  }
  while (ring_.size() > most_frames || (bytes_ > most_bytes && !ring_.empty())) {
    floor_ = ring_.front().id;
    bytes_ -= ring_.front().text.size();
    ring_.pop_front();
  }
}

void Tail::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [this] { return stopping_.load(); });
}

Followers::Following Followers::follow(const std::string& stream, const std::function<void()>& listener) {
  const std::lock_guard lock(mutex_);
  auto& tail = tails_[stream];
  if (tail) {
    if (const auto number = tail->listen(listener); number != 0) return {tail, number};
  }
  tail = std::make_shared<Tail>(client_, stream, tick_, log_);
  return {tail, tail->listen(listener)};
}

void Followers::stop() {
  const std::lock_guard lock(mutex_);
  tails_.clear();
}

}  // namespace collective::service
