#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "collective/observer.hpp"

#include "service/log.hpp"

namespace collective::service {

/// Counts and measures what the service and the library do, and writes the library's messages to the log.
///
/// Threads: any.
class Telemetry final : public Observer {
 public:
  explicit Telemetry(Log& log) : log_(log) {}

  // --- what the library reports ---
  void log(Severity severity, std::string_view message) override;
  void published(std::string_view stream, std::size_t events, std::chrono::nanoseconds took,
                 std::string_view error) override;
  void alarm(Alarm alarm, std::string_view stream, std::string_view group, std::string_view detail) override;

  // --- what the service reports ---
  /// @param route  the path of its route, never the path as sent: labels stay few
  void answered(std::string_view method, std::string_view route, int status, std::chrono::nanoseconds took);
  void refused(std::string_view code);  ///< what was no request
  void consumed(std::string_view stream, std::string_view group, std::size_t events, std::size_t redelivered);

  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> subscribers{0};

  /// Everything in the Prometheus text format.
  [[nodiscard]] std::string text() const;

 private:
  static constexpr std::array<double, 14> bounds{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                                 0.5,   0.75, 1,     2.5,  5,     7.5, 10};
  struct Histogram {
    std::array<std::uint64_t, bounds.size() + 1> counts{};
    double seconds = 0;
    void add(std::chrono::nanoseconds took);
    void write(std::string& out, std::string_view metric, const std::string& labels) const;
  };
  template <class T>
  using ByLabels = std::map<std::string, T>;  // the labels as they are written

  Log& log_;
  mutable std::mutex mutex_;  // guards everything below
  ByLabels<Histogram> requests_;
  ByLabels<Histogram> publishes_;
  ByLabels<std::uint64_t> sent_, consumed_, redelivered_, alarms_, refused_;
};

/// `name="value"`, escaped.
[[nodiscard]] std::string label(std::string_view name, std::string_view value);

/// The two comment lines before a metric's values.
void describe_metric(std::string& out, std::string_view metric, std::string_view type, std::string_view help);
void write_metric(std::string& out, std::string_view metric, const std::string& labels, double value);

}  // namespace collective::service
