// How many events a second the whole product carries: validation, leases and acknowledgement included.
//
//   bench-throughput [EVENTS] [PART]   EVENTS per row, default 300000; only the parts whose name contains PART
//   bench-throughput consume URL N     (used by itself) the second process
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <semaphore>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collective/collective.hpp"

namespace {

using namespace collective;
using Clock = std::chrono::steady_clock;

FileUploaded sample(std::size_t i) {
  return FileUploaded{.file_id = "file-" + std::to_string(i),
                      .user_id = "01JGXK3V5D8QJ4N2M7R9T1W6YB",
                      .contextual_core_id = "01JGXK3V5D8QJ4N2M7R9T1W6YC",
                      .filename = "quarterly-report.pdf",
                      .file_size = 48'213,
                      .mime_type = "application/pdf",
                      .is_browser_viewable = true};
}

double cpu_seconds(int who) {
  rusage usage{};
  getrusage(who, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Row {
  std::string what;
  std::size_t events;
  Clock::time_point began = Clock::now();
  double cpu = cpu_seconds(RUSAGE_SELF);

  void end() const {
    const std::chrono::duration<double> took = Clock::now() - began;
    std::printf("%-58s %10.0f events/s  %6.2f us cpu/event\n", what.c_str(), static_cast<double>(events) / took.count(),
                (cpu_seconds(RUSAGE_SELF) - cpu) * 1e6 / static_cast<double>(events));
    std::fflush(stdout);
  }
};

Options options_for(const std::string& url) {
  Options options;
  options.broker = url;
  options.operation_timeout = Millis(60'000);
  return options;
}

SubscribeOptions group_options() {
  SubscribeOptions options;
  options.group = "bench";
  return options;
}

void publish_rows(const std::string& name, const std::string& url, std::size_t events) {
  EventClient client(options_for(url));
  client.connect();
  {
    const auto few = std::min<std::size_t>(events, 20'000);
    const Row row{name + ": publish, one at a time", few};
    for (std::size_t i = 0; i < few; ++i) client.publish(sample(i));
    row.end();
  }
  for (const std::size_t size : {10u, 100u, 1000u}) {
    const Row row{name + ": publish_batch of " + std::to_string(size), events};
    std::vector<FileUploaded> batch;
    for (std::size_t i = 0; i < size; ++i) batch.push_back(sample(i));
    for (std::size_t sent = 0; sent < events; sent += size) client.publish_batch(batch);
    row.end();
  }
  {
    const Row row{name + ": publish_async, window 10000", events};
    for (std::size_t i = 0; i < events; ++i) client.publish_async(sample(i), PublishCallback());
    client.flush();
    row.end();
  }
  client.close();
}

// Subscribes, says so on standard output, and ends when N events are acknowledged.
void consume(const std::string& url, std::size_t events, int ready) {
  EventBus bus(options_for(url));
  bus.connect();
  std::atomic<std::size_t> handled{0};
  std::binary_semaphore done{0};
  auto subscription = bus.subscribe<FileUploaded>(
      [&](const Event<FileUploaded>& event) {
        if (event.data.file_size < 0) return false;
        if (handled.fetch_add(1) + 1 == events) done.release();
        return true;
      },
      group_options());
  if (ready >= 0 && write(ready, "r", 1) != 1) std::exit(1);
  done.acquire();
  subscription.close(Millis(30'000));  // settles what was handled
  bus.close(Millis(30'000));
}

void one_process(const std::string& name, const std::string& url, std::size_t events) {
  EventClient client(options_for(url));
  client.connect();
  EventBus bus(client);
  std::atomic<std::size_t> handled{0};
  std::binary_semaphore done{0};
  auto subscription = bus.subscribe<FileUploaded>(
      [&](const Event<FileUploaded>&) {
        if (handled.fetch_add(1) + 1 == events) done.release();
        return true;
      },
      group_options());
  const Row row{name + ": publish to acknowledgement, one process", events};
  for (std::size_t i = 0; i < events; ++i) client.publish_async(sample(i), PublishCallback());
  done.acquire();
  subscription.close(Millis(30'000));
  row.end();
  client.close();
}

void two_processes(const std::string& name, const std::string& url, std::size_t events) {
  int ready[2];
  if (pipe(ready) != 0) std::exit(1);
  const pid_t child = fork();
  if (child == 0) {
    const auto fd = std::to_string(ready[1]);
    const auto count = std::to_string(events);
    execl("/proc/self/exe", "bench-throughput", "consume", url.c_str(), count.c_str(), fd.c_str(), nullptr);
    _exit(127);
  }
  char byte = 0;
  if (read(ready[0], &byte, 1) != 1) std::exit(1);
  EventClient client(options_for(url));
  client.connect();
  const Row row{name + ": publish to acknowledgement, two processes", events};
  const double children = cpu_seconds(RUSAGE_CHILDREN);
  for (std::size_t i = 0; i < events; ++i) client.publish_async(sample(i), PublishCallback());
  client.flush();
  int status = 0;
  waitpid(child, &status, 0);
  row.end();
  std::printf("%-58s %32.2f us cpu/event\n", "    of which the consumer, beside",
              (cpu_seconds(RUSAGE_CHILDREN) - children) * 1e6 / static_cast<double>(events));
  close(ready[0]);
  close(ready[1]);
  client.close();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc >= 4 && std::string(argv[1]) == "consume") {
    consume(argv[2], std::stoul(argv[3]), argc > 4 ? std::atoi(argv[4]) : -1);
    return 0;
  }
  const std::size_t events = argc > 1 ? std::stoul(argv[1]) : 300'000;
  char directory[] = "/tmp/collective-bench-XXXXXX";
  if (mkdtemp(directory) == nullptr) return 1;
  const std::filesystem::path base(directory);
  const auto url = [&](const char* name, const char* sync) {
    return "embedded:" + (base / name).string() + "?sync=" + sync;
  };

  const std::string part = argc > 2 ? argv[2] : "";
  const auto run = [&](const char* kind, auto rows, const std::string& broker, const std::string& at) {
    if ((std::string(kind) + " " + broker).find(part) != std::string::npos) rows(broker, at, events);
  };
  run("publish", publish_rows, "memory", "memory:publish");
  run("publish", publish_rows, "embedded sync=commit", url("publish-commit", "commit"));
  run("publish", publish_rows, "embedded sync=none", url("publish-none", "none"));
  run("one", one_process, "memory", "memory:one");
  run("one", one_process, "embedded sync=commit", url("one-commit", "commit"));
  run("one", one_process, "embedded sync=none", url("one-none", "none"));
  run("two", two_processes, "embedded sync=commit", url("two-commit", "commit"));
  run("two", two_processes, "embedded sync=none", url("two-none", "none"));
  std::filesystem::remove_all(base);
  return 0;
}
