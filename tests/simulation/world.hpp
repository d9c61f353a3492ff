#pragma once

#include <functional>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "engine/now.hpp"

namespace collective::simulation {

using engine::Nanos;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// One thread, one seed, virtual time: everything that happens is an entry in a queue, ordered by its time and then by
/// when it was scheduled. What happens is hashed, so that two runs of a seed can be compared.
class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] Nanos now() const { return now_; }
  void after(Nanos delay, std::function<void()> happens) {
    queue_.emplace(std::pair{now_ + delay, ++scheduled_}, std::move(happens));
  }
  void run_until(Nanos end) {
    while (!queue_.empty() && queue_.begin()->first.first <= end) {
      const auto next = queue_.extract(queue_.begin());
      now_ = next.key().first;
      next.mapped()();
    }
    now_ = end;
  }

  // --- chance ---
  [[nodiscard]] bool chance(double probability) { return uniform() < probability; }
  [[nodiscard]] double uniform() { return static_cast<double>(random_() >> 11) * 0x1.0p-53; }
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  [[nodiscard]] Nanos between(Nanos least, Nanos most) {
    return least + Nanos(static_cast<Nanos::rep>(uniform() * static_cast<double>((most - least).count())));
  }

  // --- what happened ---
  void trace(std::string_view what, std::string_view detail = {}) {
    mix(static_cast<std::uint64_t>(now_.count()));
    for (const char c : what) mix(static_cast<unsigned char>(c));
    for (const char c : detail) mix(static_cast<unsigned char>(c));
    if (tell_) tell_(now_, what, detail);
  }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  using Tell = std::function<void(Nanos, std::string_view, std::string_view)>;
  void tell_to(Tell tell) { tell_ = std::move(tell); }

 private:
  void mix(std::uint64_t value) { hash_ = (hash_ ^ value) * 1099511628211ULL; }

  std::mt19937_64 random_;
  Nanos now_{};
  std::uint64_t scheduled_ = 0;
  std::map<std::pair<Nanos, std::uint64_t>, std::function<void()>> queue_;
  std::uint64_t hash_ = 14695981039346656037ULL;
  Tell tell_;
};

}  // namespace collective::simulation
