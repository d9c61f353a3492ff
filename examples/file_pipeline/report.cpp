#include "report.hpp"

#include <algorithm>
#include <array>
#include <iomanip>
#include <ostream>

#include <collective/time.hpp>

namespace pipeline {
namespace {

using namespace collective;

struct Edge {
  const char* what;
  std::string_view from, to;
};
constexpr std::array<Edge, 5> edges = {{
    {"extract the text", FileUploaded::event.name, FileProcessingCompleted::event.name},
    {"compute the vector", EmbeddingGenerationRequested::event.name, EmbeddingGenerationCompleted::event.name},
    {"index", TextEmbedded::event.name, FileIndexed::event.name},
    {"notify", FileIndexed::event.name, NotificationDelivered::event.name},
    {"whole flow", FileUploaded::event.name, NotificationDelivered::event.name},
}};

const Progress::Step* first(const Progress::File& file, std::string_view type) {
  const auto found =
      std::find_if(file.steps.begin(), file.steps.end(), [&](const auto& step) { return step.type == type; });
  return found == file.steps.end() ? nullptr : &*found;
}

// From one event of a file to the next, queueing included, in milliseconds and in order.
std::vector<std::int64_t> times(const Progress& progress, const Edge& edge) {
  std::vector<std::int64_t> result;
  for (const auto& [id, file] : progress.files()) {
    const auto* const from = first(file, edge.from);
    const auto* const to = first(file, edge.to);
    if (from != nullptr && to != nullptr) result.push_back((to->at - from->at).count());
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::int64_t at_share(const std::vector<std::int64_t>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

void print_branch(std::ostream& out, const Progress::File& file, const std::string& cause, int depth) {
  for (const auto& step : file.steps) {
    if (step.cause != cause) continue;
    const auto since = (step.at - file.steps.front().at).count();
    out << "  " << std::setw(8) << std::right << since << " ms  "
        << std::string(static_cast<std::size_t>(depth) * 2, ' ') << std::left << std::setw(44 - depth * 2) << step.type
        << plain(step.source) << "\n";
    print_branch(out, file, step.id, depth + 1);
  }
}

}  // namespace

void print_steps(std::ostream& out, const Progress& progress, std::chrono::steady_clock::duration took) {
  const double seconds = std::chrono::duration<double>(took).count();
  std::size_t events = 0;
  out << "\nevents by type\n";
  for (const auto& [type, count] : progress.counts()) {
    out << "  " << std::left << std::setw(34) << type << std::right << std::setw(8) << count << "\n";
    events += count;
  }
  out << "  " << std::left << std::setw(34) << "all" << std::right << std::setw(8) << events << "  in " << std::fixed
      << std::setprecision(2) << seconds << " s\n";
  out << "\nmilliseconds from event to event, waiting in line included\n"
      << "  " << std::left << std::setw(22) << "step" << std::right << std::setw(8) << "files" << std::setw(8) << "p50"
      << std::setw(8) << "p95" << std::setw(8) << "max" << "\n";
  for (const auto& edge : edges) {
    const auto sorted = times(progress, edge);
    if (sorted.empty()) continue;
    out << "  " << std::left << std::setw(22) << edge.what << std::right << std::setw(8) << sorted.size()
        << std::setw(8) << at_share(sorted, 0.5) << std::setw(8) << at_share(sorted, 0.95) << std::setw(8)
        << sorted.back() << "\n";
  }
}

void print_flow(std::ostream& out, const Progress::File& file) {
  out << "\nthe flow of " << plain(file.name) << " (what caused what, since its upload)\n";
  print_branch(out, file, "", 0);
}

void print_dead_letter(std::ostream& out, const DeadLetter& letter) {
  const auto& event = letter.event.envelope;
  const bool file = event.type == FileUploaded::event.name;
  out << "  " << (file ? plain(letter.event.as<FileUploaded>().data.filename) : event.type + " " + event.id)
      << " after " << letter.attempts << " attempts\n"
      << "    " << plain(letter.reason) << "\n";
  for (const auto& attempt : letter.history) {
    out << "    attempt " << attempt.number << " at " << to_iso8601(attempt.at) << " by " << attempt.consumer << ": "
        << plain(attempt.error) << "\n";
  }
}

void print_hits(std::ostream& out, const std::string& query, const std::vector<SearchHit>& hits) {
  out << "\nsearch \"" << plain(query) << "\" (request and answer are events, too)\n";
  if (hits.empty()) out << "  nothing found\n";
  for (const auto& hit : hits) {
    out << "  " << std::fixed << std::setprecision(3) << hit.score << "  " << plain(hit.filename) << "\n";
  }
}

std::string plain(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  const auto doubled = std::unique(text.begin(), text.end(), [](char a, char b) { return a == ' ' && b == ' '; });
  text.erase(doubled, text.end());
  return text;
}

}  // namespace pipeline
