// Several processes are one group: each event goes to one of them. A process that is killed loses nothing: what it held
// goes to the others.
//
//> 200 files announced
//> worker-1 was killed
//> 200 files processed by … processes
//> lost: 0
#include <csignal>
#include <filesystem>
#include <iostream>
#include <latch>
#include <mutex>
#include <set>

#include <collective/collective.hpp>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace collective;

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace {

/// Run as `PROGRAM BROKER NAME`: one of the processes.
int work(const char* broker, const char* name) {
  EventClient client({.broker = broker, .source = name});
  client.connect();
  EventBus bus(client);
  const auto subscription = bus.subscribe<FileUploaded>(
      [&](const Event<FileUploaded>& event) {
        client.publish(FileProcessingCompleted{.file_id = event.data.file_id,
                                               .processing_type = "text_extraction",
                                               .processing_time_ms = 0,
                                               .success = true});
        return true;
      },
      {.group = "file-processors", .consumer = name, .concurrency = 2, .lease = Millis(500)});
  for (;;) ::pause();  // until it is killed; a service would wait for SIGTERM and let the subscription drain
}

pid_t start(const char* program, const std::string& broker, const std::string& name) {
  std::string arguments[] = {program, broker, name};
  char* const argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(), nullptr};
  pid_t pid = 0;
  if (::posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, argv, environ) != 0)
    throw std::runtime_error("no process");
  return pid;
}

void kill_and_reap(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 3) return work(arguments[1], arguments[2]);

  const auto store = std::filesystem::temp_directory_path() / ("scaling-" + std::to_string(::getpid()));
  const std::string broker = "embedded:" + store.string();
  {
    EventClient client({.broker = broker});
    client.connect();
    EventBus bus(client);

    std::vector<FileUploaded> files;
    for (int i = 1; i <= 200; ++i) {
      files.push_back({.file_id = "file-" + std::to_string(i),
                       .user_id = "user-1",
                       .contextual_core_id = "core-1",
                       .filename = "report.txt",
                       .file_size = 11,
                       .mime_type = "text/plain",
                       .is_browser_viewable = true});
    }
    client.publish_batch(files);
    std::cout << "200 files announced" << std::endl;

    std::mutex mutex;
    std::set<std::string> processed, processes;
    std::latch some(20), all(200);
    const auto completions = bus.subscribe<FileProcessingCompleted>(
        [&](const Event<FileProcessingCompleted>& event) {
          const std::lock_guard lock(mutex);
          processes.insert(event.source());
          if (!processed.insert(event.data.file_id.str()).second) return true;  // redone after the kill
          if (processed.size() <= 20) some.count_down();
          all.count_down();
          return true;
        },
        {.group = "report"});

    const pid_t first = start(arguments[0], broker, "worker-1");
    some.wait();
    kill_and_reap(first);
    std::cout << "worker-1 was killed" << std::endl;
    const pid_t others[] = {start(arguments[0], broker, "worker-2"), start(arguments[0], broker, "worker-3")};
    all.wait();
    std::cout << processed.size() << " files processed by " << processes.size() << " processes" << std::endl;
    for (const pid_t pid : others) kill_and_reap(pid);
    std::cout << "lost: " << bus.groups(streams::contextual).at(0).lost << "\n";
  }
  std::filesystem::remove_all(store);
}
