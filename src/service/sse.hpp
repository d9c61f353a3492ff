#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "service/followers.hpp"
#include "service/http.hpp"
#include "service/worker_pool.hpp"

namespace collective::service {

/// One subscriber's way through a stream, as Server-Sent Events. It is asked for text whenever its client can take
/// some, and holds at most a page of the stream: a slow client costs nothing but its own time. Near the stream's end
/// it takes what the shared tail has read; farther back it reads pages of its own, on a worker.
class Subscriber final : public EventSource, public std::enable_shared_from_this<Subscriber> {
 public:
  struct Options {
    std::string stream{};
    std::string type{};  ///< only this event type; empty: all
    EntryId after{};
    std::string notice{};  ///< sent first
    std::chrono::milliseconds keep_alive{15'000};
  };
  Subscriber(Options options, EventClient client, WorkerPool& workers, std::atomic<std::size_t>& count);
  ~Subscriber() override;
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  /// Joins the stream's tail; called once, not from the I/O thread.
  void follow(Followers& followers);

  bool next(std::string& out) override;
  void on_news(std::function<void()> wake) override;
  void end() override { ended_ = true; }

 private:
  void wake();
  bool send(const Frame& frame, std::string& out);
  void fill(std::string& out);
  bool take_page(std::string& out);
  void request_page();
  void read_page(EntryId after, EntryId floor, std::size_t limit);

  const Options options_;
  EventClient client_;
  WorkerPool& workers_;
  std::atomic<std::size_t>& count_;
  Followers::Following following_;

  // of the I/O thread
  EntryId position_;
  std::chrono::steady_clock::time_point sent_{};
  bool ended_ = false, greeted_ = false;

  std::mutex mutex_;  // guards everything below
  std::function<void()> wake_;
  bool reading_ = false;        // a page is on its way
  std::vector<Frame> page_;     // what was read and is not sent yet, newest first
  std::size_t page_limit_ = 8;  // of the next page; grows while events are small
  EntryId page_end_{};          // where the position is once the page is sent
};

}  // namespace collective::service
