// Runs a fuzz target without libFuzzer: `fuzz-NAME FILE-OR-FOLDER…` feeds it the files, and for folders also a fixed
// sequence of mutations of them, the same in every run.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"

namespace {

namespace fs = std::filesystem;

constexpr int mutations = 5'000;
constexpr std::size_t longest = 4'096;

std::string current;  // for the report of a crash
std::string crash_file;

extern "C" void report(int signal) {
  std::signal(signal, SIG_DFL);
  std::ofstream(crash_file, std::ios::binary) << current;
  std::cerr << "the input is in " << fs::absolute(crash_file) << "; replay it by giving that file to this program\n";
  std::raise(signal);
}

class Numbers {  // splitmix64, by Sebastiano Vigna, public domain
 public:
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : static_cast<std::size_t>(next() % bound); }
  char byte() { return static_cast<char>(next() & 0xFFu); }

 private:
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  std::uint64_t state_ = 20'260'101;
};

std::string mutate(std::string input, const std::vector<std::string>& seeds, Numbers& numbers) {
  static const std::vector<std::string> pieces = {"\"",
                                                  "\\",
                                                  "{",
                                                  "}",
                                                  "[",
                                                  "]",
                                                  "0",
                                                  "-1",
                                                  "null",
                                                  "1e999",
                                                  "18446744073709551616",
                                                  "\\ud800",
                                                  "\\u0000",
                                                  "\xC3",
                                                  "\xFF",
                                                  std::string(1, '\0'),
                                                  "|",
                                                  ":",
                                                  "?",
                                                  "&",
                                                  "=",
                                                  "/",
                                                  std::string(65, '['),
                                                  std::string(10, '\xFF')};
  for (auto times = 1 + numbers.below(4); times > 0; --times) {
    const auto at = numbers.below(input.size() + 1);
    const auto size = numbers.below(input.size() - at + 1);
    switch (numbers.below(6)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << numbers.below(8)));
        break;
      case 1:
        if (at < input.size()) input[at] = numbers.byte();
        break;
      case 2:
        input.erase(at, std::min<std::size_t>(size, 16));
        break;
      case 3:
        input.insert(at, pieces[numbers.below(pieces.size())]);
        break;
      case 4:
        input.insert(at, input.substr(at, size));
        break;
      default:
        const auto& other = seeds[numbers.below(seeds.size())];
        input = input.substr(0, at) + other.substr(std::min(at, other.size()));
    }
  }
  return input.substr(0, longest);
}

void run(std::string input) {
  current = std::move(input);
  // A copy of its exact size, so that a sanitizer sees every read beyond it.
  const std::vector<std::uint8_t> bytes(current.begin(), current.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void run_folder(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> seeds{""};
  for (const auto& file : files) seeds.push_back(read(file));
  for (const auto& seed : seeds) run(seed);
  Numbers numbers;
  for (int i = 0; i < mutations; ++i) run(mutate(seeds[numbers.below(seeds.size())], seeds, numbers));
  std::cout << files.size() << " seeds and " << mutations << " mutations\n";
}

}  // namespace

int main(int count, char** arguments) {
  crash_file = fs::path(arguments[0]).filename().string() + ".crash";
  for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS}) std::signal(signal, report);
  if (count < 2) {
    std::cerr << "usage: " << arguments[0] << " FILE-OR-FOLDER...\n";
    return 2;
  }
  for (int i = 1; i < count; ++i) {
    if (!fs::exists(arguments[i])) {
      std::cerr << arguments[i] << " does not exist\n";
      return 2;
    }
    fs::is_directory(arguments[i]) ? run_folder(arguments[i]) : run(read(arguments[i]));
  }
}
