#include "run.hpp"

#include <algorithm>
#include <iostream>

#include <unistd.h>

#include "events.hpp"
#include "processes.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "roles.hpp"
#include "scratch.hpp"

namespace pipeline {
namespace {

using namespace collective;
using Clock = std::chrono::steady_clock;

constexpr std::size_t most_shown = 10;               // dead letters
constexpr auto patience = std::chrono::seconds(60);  // without any progress

class Run {
 public:
  explicit Run(const RunOptions& options)
      : options_(options), scratch_(options.keep), bus_(client_), terminal_(::isatty(STDOUT_FILENO) != 0) {
    client_.connect();
  }

  int all() {
    start();
    if (!follow_until([this] { return published_ && settled(); })) return interrupted_ ? 130 : 1;
    const auto took = Clock::now() - begun_;
    if (progress_.count(FileUploaded::event.name) == 0) {
      std::cerr << "no files found; name a folder that holds some\n";
      return 1;
    }
    print_steps(std::cout, progress_, took);
    if (!show_dead_letters()) return interrupted_ ? 130 : 1;
    show_one_flow();
    search();
    processes_.stop();
    std::cout << "\nthe pipeline's processes have drained and ended\n";
    if (options_.keep || !options_.broker.empty()) {
      std::cout << "look again: event-bus tail " << streams::contextual << " --broker " << broker_ << "\n";
    }
    return 0;
  }

 private:
  void start() {
    std::cout << "file pipeline: 5 processes on " << client_.describe() << std::endl;
    bookmark(streams::contextual, seen_files_);
    bookmark(streams::notification, seen_notes_);
    const std::vector<std::string> common{"--broker", broker_};
    processes_.start("embedder", common);
    processes_.start("index", common);
    processes_.start("notifier", common);
    processes_.start("extractor", {"--broker", broker_, "--fail", options_.fail});
    auto publisher = common;
    publisher.insert(publisher.end(), options_.folders.begin(), options_.folders.end());
    if (options_.sample) {
      scratch_.write_broken_sample();
      publisher.push_back(scratch_.sample());
    }
    processes_.start("publisher", publisher);
  }

  // Events of earlier runs are not this run's.
  void bookmark(std::string_view stream, EntryId& seen) {
    try {
      seen = client_.stream_info(stream).last;
    } catch (const Error& error) {
      if (error.code() != Errc::not_found) throw;
    }
  }

  template <class Done>
  bool follow_until(Done done) {
    auto moved = Clock::now();
    while (true) {
      if (read_on()) moved = Clock::now();
      if (!check_processes() || interrupted()) return false;
      show_progress();
      if (done()) break;
      if (Clock::now() - moved < patience) continue;
      std::cerr << "\nno progress for " << patience.count() << " s; see: event-bus groups " << streams::contextual
                << " --broker " << broker_ << "\n";
      return false;
    }
    if (terminal_) std::cout << "\n";
    return true;
  }

  bool read_on() {
    const auto files = client_.follow(streams::contextual, seen_files_, Millis(100));
    const auto notes = client_.read(streams::notification, {.after = seen_notes_});
    for (const auto& event : files) progress_.add(event);
    for (const auto& event : notes) progress_.add(event);
    if (!files.empty()) seen_files_ = files.back().entry_id;
    if (!notes.empty()) seen_notes_ = notes.back().entry_id;
    return !files.empty() || !notes.empty();
  }

  bool interrupted() {
    interrupted_ = interrupted_ || signal_came();
    if (interrupted_) std::cerr << "\ninterrupted; the processes drain and end\n";
    return interrupted_;
  }

  bool check_processes() {
    for (const auto& [role, code] : processes_.ended()) {
      if (role == "publisher" && (code == 0 || code == 3)) {  // 3: it has said which files it could not announce
        published_ = true;
      } else {
        std::cerr << "\nthe " << role << " ended unexpectedly (" << code << ")\n";
        return false;
      }
    }
    return true;
  }

  /// Every announced file has ended: well, or in a group's dead letters.
  bool settled() {
    const auto announced = progress_.count(FileUploaded::event.name);
    if (progress_.told() == announced) return true;
    return progress_.told() + letters().size() >= announced;
  }

  /// This run's dead letters of the pipeline's groups.
  std::vector<std::pair<std::string, DeadLetter>> letters() {
    std::vector<std::pair<std::string, DeadLetter>> found;
    for (const auto& group : bus_.groups(streams::contextual)) {
      std::uint64_t after = 0;
      while (group.dead_letters > 0) {
        const auto page = bus_.dead_letters(streams::contextual, group.name, after);
        if (page.empty()) break;
        after = page.back().number;
        for (const auto& letter : page) {
          if (progress_.files().contains(letter.event.envelope.correlation_id)) found.emplace_back(group.name, letter);
        }
      }
    }
    return found;
  }

  bool show_dead_letters() {
    std::vector<std::uint64_t> again;
    std::vector<std::string> flows;
    const auto dead = letters();
    std::size_t shown = 0;
    if (!dead.empty()) std::cout << "\n" << dead.size() << " in the dead letters\n";
    for (const auto& [group, letter] : dead) {
      if (shown++ < most_shown) print_dead_letter(std::cout, letter);
      if (group != extractors) continue;
      const auto name = letter.event.as<FileUploaded>().data.filename;
      const bool asked = !options_.fail.empty() && name.find(options_.fail) != std::string::npos;
      if (name != scratch_.sample() && !asked) continue;
      again.push_back(letter.number);
      flows.push_back(letter.event.envelope.correlation_id);
    }
    if (shown > most_shown) std::cout << "  and " << shown - most_shown << " more\n";
    if (again.empty()) return true;
    scratch_.repair_sample();
    const auto count = bus_.republish_dead_letters(streams::contextual, extractors, again);
    std::cout << "the cause is mended, " << count << " republished to " << extractors << "\n";
    const auto all_told = [&] {
      return std::all_of(flows.begin(), flows.end(), [&](const auto& flow) { return progress_.files().at(flow).told; });
    };
    if (!follow_until(all_told)) return false;
    print_flow(std::cout, progress_.files().at(flows.front()));
    return true;
  }

  void show_one_flow() {
    for (const auto& [id, file] : progress_.files()) {
      if (!file.succeeded || file.name == scratch_.sample()) continue;
      return print_flow(std::cout, file);
    }
  }

  void search() {
    for (const auto& query : options_.queries) {
      const auto answer = client_.request<SearchCompleted>(SearchRequested{.query = query}, Millis(10'000));
      print_hits(std::cout, query, answer.data.hits);
    }
  }

  void show_progress() {
    if (!terminal_) return;
    std::cout << "\r\033[K" << progress_.count(FileUploaded::event.name) << " announced, "
              << progress_.count(FileProcessingCompleted::event.name) << " extracted, "
              << progress_.count(EmbeddingGenerationCompleted::event.name) << " embedded, "
              << progress_.count(FileIndexed::event.name) << " indexed, " << progress_.told() << " told" << std::flush;
  }

  const RunOptions options_;
  Scratch scratch_;
  const std::string broker_ = options_.broker.empty() ? "embedded:" + scratch_.store() : options_.broker;
  EventClient client_{Options{.broker = broker_, .source = "pipeline"}};
  EventBus bus_;
  Processes processes_;
  Progress progress_;
  EntryId seen_files_, seen_notes_;
  bool published_ = false;
  bool interrupted_ = false;
  const bool terminal_;
  const Clock::time_point begun_ = Clock::now();
};

}  // namespace

int run(const RunOptions& options) {
  return Run(options).all();
}

}  // namespace pipeline
