#include <condition_variable>

#include "runtime/await.hpp"
#include "runtime/core.hpp"

namespace collective::detail {
namespace {

template <class T>
T value_or_throw(broker::Result<T> result, const std::string& what) {
  if (!result) throw Error(result.error().code, what + ": " + result.error().message);
  return std::move(*result);
}

}  // namespace

std::vector<AnyEvent> Core::read(const std::string& stream, const ReadOptions& options) {
  check_name("stream name", stream);
  const auto connected = store();
  std::vector<AnyEvent> events;
  auto after = options.after;
  auto until = options.until;
  while (events.size() < options.limit) {
    const bool all = options.type.empty() && options.correlation_id.empty();
    const auto limit = all ? options.limit - events.size() : std::size_t{1'000};
    broker::Read request{
        .stream = stream, .after = after, .until = until, .limit = limit, .backwards = options.backwards};
    auto result =
        runtime::await<broker::Page>([&](auto reply) { connected.broker->read(std::move(request), std::move(reply)); },
                                     options_.operation_timeout, false, "read");
    const auto page = value_or_throw(std::move(result), "cannot read stream \"" + stream + "\"");
    if (page.entries.empty()) break;
    for (const auto& entry : page.entries) {
      if (events.size() == options.limit) break;
      const bool of_type = options.type.empty() || entry.event.type == options.type;
      const bool of_flow = options.correlation_id.empty() || entry.event.correlation_id == options.correlation_id;
      if (of_type && of_flow) events.emplace_back(entry.id, entry.event);
    }
    const auto last = page.entries.back().id;
    if (!options.backwards) {
      after = last;
    } else if (last.seq > 0) {
      until = {last.ms, last.seq - 1};
    } else if (last.ms > 0) {
      until = {last.ms - 1, EntryId::max().seq};
    } else {
      break;
    }
  }
  return events;
}

std::vector<AnyEvent> Core::follow(const std::string& stream, EntryId after, Millis timeout, std::size_t limit) {
  check_duration("follow: timeout", timeout);
  const auto until = std::chrono::steady_clock::now() + timeout;
  struct News {
    std::mutex mutex;
    std::condition_variable wake;
    bool arrived = false;  // guarded by mutex
  };
  auto news = std::make_shared<News>();
  const auto watch = store().broker->watch(stream, [news] {
    const std::lock_guard lock(news->mutex);
    news->arrived = true;
    news->wake.notify_one();
  });
  upkeeper()->look_after(stream);
  while (true) {
    auto events = read(stream, {.after = after, .limit = limit});
    if (!events.empty()) return events;
    if (std::chrono::steady_clock::now() >= until) return {};
    std::unique_lock lock(news->mutex);
    news->wake.wait_until(lock, until, [&] { return news->arrived; });  // after the timeout it is read once more
    news->arrived = false;
  }
}

std::vector<std::string> Core::streams() {
  return value_or_throw(
      ask<std::vector<std::string>>([](broker::Admin& admin, auto reply) { admin.streams(std::move(reply)); }),
      "streams");
}

StreamInfo Core::stream_info(const std::string& stream) {
  check_name("stream name", stream);
  return value_or_throw(
      ask<StreamInfo>([&](broker::Admin& admin, auto reply) { admin.stream_info(stream, std::move(reply)); }),
      "stream \"" + stream + "\"");
}

std::vector<Finding> Core::diagnose() {
  return value_or_throw(
      ask<std::vector<Finding>>([](broker::Admin& admin, auto reply) { admin.diagnose(std::move(reply)); }),
      "a check of the broker");
}

std::vector<GroupInfo> Core::groups(const std::string& stream) {
  check_name("stream name", stream);
  return value_or_throw(ask<std::vector<GroupInfo>>(
                            [&](broker::Admin& admin, auto reply) { admin.groups(stream, now(), std::move(reply)); }),
                        "groups of stream \"" + stream + "\"");
}

}  // namespace collective::detail
