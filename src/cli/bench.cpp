#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <latch>
#include <thread>

#include "collective/ulid.hpp"

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "service/json_text.hpp"

namespace collective::cli {

/// What the measurement sends.
struct BenchSent {
  static constexpr EventType event{"bench.sent", "bench.events"};
  std::uint32_t number = 0;
  std::string text{};
};
BOOST_DESCRIBE_STRUCT(BenchSent, (), (number, text))

namespace {

using Clock = std::chrono::steady_clock;

/// A directory that goes with its owner.
class Scratch {
 public:
  Scratch() : path_(std::filesystem::temp_directory_path() / ("event-bus-bench-" + new_ulid())) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string broker() const { return "embedded:" + path_.string(); }

 private:
  std::filesystem::path path_;
};

struct Figures {
  double published = 0, handled = 0;              ///< events a second
  std::chrono::microseconds median{}, slowest{};  ///< publish to handler, p50 and p99, at a steady pace
};

struct Bench {
  BrokerOption broker;
  OutputOption output;
  std::uint32_t events = 100'000, bytes = 300, pace = 1'000;

  int run() {
    Scratch scratch;
    const bool own = broker.url.empty();
    if (own) broker.url = scratch.broker();
    auto client = broker.connect();
    std::cerr << "event-bus: " << client.describe() << (own ? "" : "; the stream bench.events is trimmed afterwards")
              << "\n";
    group_ = "bench-" + new_ulid();
    Figures figures;
    figures.published = publish_all(client);
    EventBus bus(client);
    figures.handled = handle_all(bus);
    time_paced(client, bus, figures);
    bus.trim("bench.events", 1, true);
    client.close();
    show(figures);
    return 0;
  }

 private:
  double publish_all(EventClient& client) {
    const BenchSent sent{.text = std::string(bytes, 'x')};
    std::exception_ptr failure;
    std::atomic<bool> failed = false;
    const auto begin = Clock::now();
    for (std::uint32_t i = 0; i < events && !failed; ++i) {
      client.publish_async(sent, [&](const Published&, const std::exception_ptr& error) {
        if (error && !failed.exchange(true)) failure = error;
      });
    }
    client.flush();
    if (failure) std::rethrow_exception(failure);
    return per_second(events, Clock::now() - begin);
  }

  double handle_all(EventBus& bus) {
    std::latch done(events);
    const auto begin = Clock::now();
    auto subscription = bus.subscribe<BenchSent>(
        [&, left = events](const Event<BenchSent>&) mutable {
          if (left > 0) --left, done.count_down();
          return true;
        },
        {.group = group_});
    done.wait();
    return per_second(events, Clock::now() - begin);
  }

  void time_paced(EventClient& client, EventBus& bus, Figures& figures) {
    const auto count = pace * 2;
    std::vector<Clock::time_point> due(count);
    std::vector<std::chrono::microseconds> took(count);
    std::latch done(count);
    auto subscription = bus.subscribe<BenchSent>(
        [&](const Event<BenchSent>& event) {
          took[event.data.number] =
              std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - due[event.data.number]);
          done.count_down();
          return true;
        },
        {.group = group_ + "-paced", .start = StartAt::latest()});
    const auto begin = Clock::now();
    for (std::uint32_t i = 0; i < count; ++i) {
      due[i] = begin + std::chrono::nanoseconds(1'000'000'000) * i / pace;
      std::this_thread::sleep_until(due[i]);
      client.publish(BenchSent{.number = i, .text = std::string(bytes, 'x')});
    }
    done.wait();
    subscription.close();
    std::sort(took.begin(), took.end());
    figures.median = took[count / 2];
    figures.slowest = took[count * 99 / 100];
  }

  static double per_second(std::uint32_t count, Clock::duration took) {
    return count / std::chrono::duration<double>(took).count();
  }

  void show(const Figures& figures) const {
    if (output.json()) {
      return print(service::JsonObject()
                       .number("events", events)
                       .number("bytes", bytes)
                       .real("publishedPerSecond", figures.published)
                       .real("handledPerSecond", figures.handled)
                       .number("pacePerSecond", pace)
                       .number("medianMicroseconds", static_cast<std::uint64_t>(figures.median.count()))
                       .number("p99Microseconds", static_cast<std::uint64_t>(figures.slowest.count()))
                       .str() +
                   "\n");
    }
    const auto whole = [](double value) { return std::to_string(static_cast<std::uint64_t>(value)); };
    Table table({"MEASURED", "RESULT"});
    table.add({"publish " + std::to_string(events) + " events of " + std::to_string(bytes) + " bytes",
               whole(figures.published) + " events/s"});
    table.add({"handle and acknowledge them", whole(figures.handled) + " events/s"});
    table.add({"publish to handler at " + std::to_string(pace) + " events/s, p50",
               std::to_string(figures.median.count()) + " us"});
    table.add({"the same, p99", std::to_string(figures.slowest.count()) + " us"});
    table.print();
  }

  std::string group_;
};

}  // namespace

void add_bench(CLI::App& command, Action& action) {
  add_action<Bench>(command, action, &Bench::run, [&](Bench& it) {
    command.add_option("--broker", it.broker.url,
                       "broker URL; default: an embedded store in a new temporary directory");
    command.add_option("--events", it.events, "how many; default 100000")->check(CLI::Range(1, 100'000'000));
    command.add_option("--bytes", it.bytes, "text in each; default 300")->check(CLI::Range(0, 1'000'000));
    command.add_option("--pace", it.pace, "events a second of the paced part, which takes 2 s; default 1000")
        ->check(CLI::Range(1, 50'000));
    add_output(command, it.output);
  });
}

}  // namespace collective::cli
