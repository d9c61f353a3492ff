#pragma once

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace pipeline {

/// A directory for this run; removed with it unless it is to be kept.
class Scratch {
 public:
  explicit Scratch(bool keep) : keep_(keep) {
    auto pattern = (std::filesystem::temp_directory_path() / "file-pipeline-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot create " + pattern);
    path_ = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    if (!keep_) std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] std::string store() const { return (path_ / "store").string(); }

  /// A letter saved in Latin-1, as an old editor does: it claims to be text, and is not UTF-8.
  [[nodiscard]] std::string sample() const { return (path_ / "letter-in-latin-1.txt").string(); }
  void write_broken_sample() const {
    std::ofstream(sample()) << "Gr\xFC\xDF"
                               "e aus K\xF6ln: a letter about retries.\n";
  }
  void repair_sample() const { std::ofstream(sample()) << "Grüße aus Köln: a letter about retries.\n"; }

 private:
  std::filesystem::path path_;
  bool keep_;
};

}  // namespace pipeline
