#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace collective::embedded {

/// A small file that every process of a store maps: one rings it after a commit, the others sleep on it without
/// polling. Nothing in it is needed after a crash.
///
/// A process may be killed between its commit and its ring. So a commit with news is announced before: whoever listens
/// then looks every `tick` whether what was announced is stored and not told, and tells it. After `ticks_to_doze` without
/// anything a listener sleeps without a limit again, until the next announcement wakes it.
///
/// Threads and processes: every call is safe from any of them.
class Doorbell {
 public:
  /// Maps the file in the directory `directory` (a descriptor), creating it. Throws Fault.
  Doorbell(int directory, const std::string& path);
  ~Doorbell();
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  static constexpr std::size_t slots = 1024;
  static std::size_t slot_of(std::string_view stream) noexcept;

  // news of streams
  void mark(std::size_t slot) noexcept { board_->news[slot].fetch_add(1); }
  void ring() noexcept;  ///< after `mark`: wakes the listeners of all processes
  [[nodiscard]] std::uint32_t news(std::size_t slot) const noexcept { return board_->news[slot].load(); }
  [[nodiscard]] std::uint32_t rings() const noexcept { return board_->rings.load(); }
  /// Returns when it rang since `seen` was read, or spuriously; false when a tick went by instead.
  bool wait_for_ring(std::uint32_t seen) noexcept;
  /// The same without a limit, unless a commit is announced meanwhile.
  void doze(std::uint32_t seen) noexcept;
  [[nodiscard]] bool dozing() const noexcept { return board_->dozing.load() != 0; }
  static constexpr std::chrono::milliseconds tick{100};
  static constexpr int ticks_to_doze = 10;

  /// The commit that has begun and is not told yet: its transaction's number; 0: none.
  [[nodiscard]] std::uint64_t announced() const noexcept { return board_->announced.load(); }
  /// Announces a commit for as long as it lives. When it ends and `told` was not called, every watcher is told instead.
  class Announcement {
   public:
    Announcement(Doorbell& bell, std::uint64_t transaction) noexcept;
    ~Announcement();
    Announcement(const Announcement&) = delete;
    Announcement& operator=(const Announcement&) = delete;
    void told() noexcept { told_ = true; }

   private:
    Doorbell& bell_;
    const std::uint64_t transaction_;
    bool told_ = false;
  };
  /// Tells every watcher in place of who announced it.
  void tell_everybody(std::uint64_t transaction) noexcept;

  // taking turns at the writer lock, which by itself lets the quickest process starve the others
  void queue_up() noexcept { board_->queued.fetch_add(1); }
  void step_in() noexcept;  ///< has the lock
  [[nodiscard]] bool others_queue() const noexcept { return board_->queued.load() > 0; }
  void let_others(std::chrono::microseconds patience) noexcept;

  /// True once the store was created completely: an empty data file is then a loss, not a beginning.
  [[nodiscard]] bool store_exists() const noexcept { return board_->created.load() != 0; }
  void store_created() noexcept { board_->created.store(1); }

 private:
  struct Board {
    std::atomic<std::uint64_t> magic;  ///< set after `version`
    std::uint32_t version;
    std::atomic<std::uint32_t> created;
    std::atomic<std::uint32_t> rings;
    std::atomic<std::uint32_t> listening;  ///< set by a listener before it sleeps, cleared by who wakes it
    std::atomic<std::uint32_t> queued;     ///< processes waiting for the writer lock
    std::atomic<std::uint32_t> turns;      ///< grows when a process has got the lock
    std::atomic<std::uint32_t> letting;    ///< a process waits for `turns` to grow
    std::array<std::atomic<std::uint32_t>, slots> news;
    std::atomic<std::uint64_t> announced;  ///< a transaction's number; 0: none
    std::atomic<std::uint32_t> dozing;  ///< set by a listener before it sleeps without a limit, cleared by who wakes it
  };
  static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

  Board* board_ = nullptr;
  std::uint32_t my_turn_ = 0;  ///< `turns` when this process last had the lock; only the writer thread uses it
  unsigned fruitless_ = 0;     ///< times in a row nobody took the offered turn; only the writer thread uses it
};

}  // namespace collective::embedded
