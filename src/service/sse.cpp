#include "service/sse.hpp"

#include <algorithm>

namespace collective::service {
namespace {

constexpr std::size_t chunk_bytes = 64 * 1024;
constexpr std::size_t page_bytes = 256 * 1024;  // what a page is meant to hold
constexpr std::size_t most_per_page = 256;

}  // namespace

Subscriber::Subscriber(Options options, EventClient client, WorkerPool& workers, std::atomic<std::size_t>& count)
    : options_(std::move(options)),
      client_(std::move(client)),
      workers_(workers),
      count_(count),
      position_(options_.after) {}

Subscriber::~Subscriber() {
  if (following_.tail) following_.tail->forget(following_.listener);
  --count_;
}

void Subscriber::follow(Followers& followers) {
  following_ = followers.follow(options_.stream, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wake();
  });
}

void Subscriber::on_news(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

void Subscriber::wake() {
  std::function<void()> call;
  {
    const std::lock_guard lock(mutex_);
    call = wake_;
  }
  if (call) call();
}

bool Subscriber::next(std::string& out) {
  if (!greeted_) {
    greeted_ = true;
    out += "retry: 1000\n\n" + options_.notice;
  }
  if (ended_) {
    out += "event: event-bus.end\ndata: {\"reason\":\"the service stops; reconnect and go on by Last-Event-ID\"}\n\n";
    return false;
  }
  fill(out);
  const auto now = std::chrono::steady_clock::now();
  if (out.empty() && now - sent_ >= options_.keep_alive) out += ": keep-alive\n\n";
  if (!out.empty()) sent_ = now;
  return true;
}

/// @return true while there is room for more
bool Subscriber::send(const Frame& frame, std::string& out) {
  position_ = frame.id;
  if (options_.type.empty() || frame.type == options_.type) out += frame.text;
  return out.size() < chunk_bytes;
}

void Subscriber::fill(std::string& out) {
  if (!take_page(out)) return;
  const auto reach = following_.tail->after(position_, [&](const Frame& frame) { return send(frame, out); });
  if (reach == Tail::Reach::behind) request_page();
}

/// @return true when nothing of a page is left or on its way
bool Subscriber::take_page(std::string& out) {
  const std::lock_guard lock(mutex_);
  if (reading_) return false;
  while (!page_.empty()) {
    const bool room = send(page_.back(), out);
    page_.pop_back();
    if (!room) return false;
  }
  position_ = std::max(position_, page_end_);
  return true;
}

void Subscriber::request_page() {
  std::size_t limit = 0;
  {
    const std::lock_guard lock(mutex_);
    reading_ = true;
    limit = page_limit_;
  }
  const auto floor = following_.tail->floor();
  const bool accepted = workers_.run([weak = weak_from_this(), after = position_, floor, limit] {
    if (const auto self = weak.lock()) self->read_page(after, floor, limit);
  });
  if (accepted) return;
  const std::lock_guard lock(mutex_);
  reading_ = false;
  following_.tail->poke();  // every worker is busy: try again soon
}

void Subscriber::read_page(EntryId after, EntryId floor, std::size_t limit) {
  std::vector<Frame> frames;
  bool failed = false;
  try {
    for (const auto& event : client_.read(options_.stream, {.after = after, .limit = limit}))
      frames.push_back(frame_of(event));
  } catch (const std::exception&) {
    failed = true;  // the tail tells of the same broker's trouble
  }
  std::size_t bytes = 0;
  for (const auto& frame : frames) bytes += frame.text.size();
  {
    const std::lock_guard lock(mutex_);
    reading_ = false;
    // All there is up to the floor was stored before the page was read.
    const bool whole = !failed && frames.size() < limit;
    page_end_ = whole ? floor : EntryId{};
    if (!frames.empty()) page_end_ = std::max(page_end_, frames.back().id);
    page_ = {frames.rbegin(), frames.rend()};
    page_limit_ = bytes < page_bytes ? std::min(limit * 2, most_per_page) : std::max<std::size_t>(limit / 2, 1);
  }
  failed ? following_.tail->poke() : wake();
}

}  // namespace collective::service
