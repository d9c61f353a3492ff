#include "broker/embedded/doorbell.hpp"

#include <cerrno>
#include <climits>

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "broker/embedded/crc32c.hpp"
#include "broker/embedded/fault.hpp"

namespace collective::embedded {
namespace {

constexpr std::uint64_t magic_number = 0x6C6C656265766363;  // "ccvebell", byte by byte
constexpr std::uint32_t board_version = 1;

void sleep_on(std::atomic<std::uint32_t>& word, std::uint32_t expected, const timespec* timeout) {
  ::syscall(SYS_futex, &word, FUTEX_WAIT, expected, timeout, nullptr, 0);
}

void wake_all(std::atomic<std::uint32_t>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace

Doorbell::Doorbell(int directory, const std::string& path) {
  const int file = ::openat(directory, "doorbell", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) throw fault_of(errno, "opening its doorbell file", path);
  void* map = MAP_FAILED;
  int cause = ::posix_fallocate(file, 0, sizeof(Board));  // never a hole: a full disk would be a SIGBUS later
  if (cause == 0) {
    map = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    cause = errno;
  }
  ::close(file);
  if (map == MAP_FAILED) throw fault_of(cause, "mapping its doorbell file", path);
  board_ = static_cast<Board*>(map);
  if (board_->magic == 0) {  // fresh: zeros are a valid board, and two creators write the same
    board_->version = board_version;
    board_->magic = magic_number;
  }
  if (board_->magic != magic_number || board_->version != board_version) {
    ::munmap(map, sizeof(Board));
    throw Fault(Errc::incompatible, "embedded store " + path +
                                        ": its doorbell file is of another version; stop every "
                                        "process that uses the store and delete the file " +
                                        path + "/doorbell");
  }
}

Doorbell::~Doorbell() {
  ::munmap(board_, sizeof(Board));
}

std::size_t Doorbell::slot_of(std::string_view stream) noexcept {
  return crc32c(stream) % slots;
}

void Doorbell::ring() noexcept {
  board_->rings.fetch_add(1);
  if (board_->listening.exchange(0) != 0) wake_all(board_->rings);
}

bool Doorbell::wait_for_ring(std::uint32_t seen) noexcept {
  board_->listening.store(1);  // before the kernel compares `rings`: whoever rings from now on sees it
  const timespec timeout{0, std::chrono::nanoseconds(tick).count()};
  sleep_on(board_->rings, seen, &timeout);
  return board_->rings.load() != seen;
}

void Doorbell::doze(std::uint32_t seen) noexcept {
  board_->dozing.store(1);  // before `announced` is read: who announces from now on sees it, and rings
  if (announced() != 0) {
    wait_for_ring(seen);
    return;
  }
  board_->listening.store(1);
  sleep_on(board_->rings, seen, nullptr);
}

// One that is still announced by another process will not be told by it any more, or late: this one tells it too.
Doorbell::Announcement::Announcement(Doorbell& bell, std::uint64_t transaction) noexcept
    : bell_(bell), transaction_(transaction) {
  const auto before = bell_.board_->announced.exchange(transaction_);
  if (before != 0) bell_.tell_everybody(before);
  if (bell_.board_->dozing.exchange(0) != 0) bell_.ring();
}

Doorbell::Announcement::~Announcement() {
  if (!told_) bell_.tell_everybody(transaction_);
  auto mine = transaction_;
  bell_.board_->announced.compare_exchange_strong(mine, 0);
}

void Doorbell::tell_everybody(std::uint64_t transaction) noexcept {
  for (std::size_t slot = 0; slot < slots; ++slot) mark(slot);
  ring();
  board_->announced.compare_exchange_strong(transaction, 0);
}

void Doorbell::step_in() noexcept {
  // A process killed in the queue leaves the count too high until `let_others` clears it, so it may be too low here.
  auto queued = board_->queued.load();
  while (queued > 0 && !board_->queued.compare_exchange_weak(queued, queued - 1)) {
  }
  my_turn_ = board_->turns.fetch_add(1) + 1;
  if (board_->letting.exchange(0) != 0) wake_all(board_->turns);
}

void Doorbell::let_others(std::chrono::microseconds patience) noexcept {
  const auto before = board_->turns.load();
  if (before != my_turn_ || !others_queue()) return;  // another one had its turn since, or nobody wants it
  board_->letting.store(1);
  const timespec timeout{0, std::chrono::nanoseconds(patience).count() % 1'000'000'000};
  sleep_on(board_->turns, before, &timeout);
  if (board_->turns.load() != before) {
    fruitless_ = 0;
  } else if (++fruitless_ == 8) {  // whoever queued was killed: do not wait for it forever
    fruitless_ = 0;
    board_->queued.store(0);
  }
}

}  // namespace collective::embedded
