#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <collective/collective.hpp>

namespace pipeline {

/// What the pipeline's streams tell about the files: read from their tail, like any other reader could.
class Progress {
 public:
  /// One event of a file's flow.
  struct Step {
    std::string type;
    std::string id;
    std::string cause;
    std::string source;
    collective::EntryId entry;
    collective::Timestamp at;
  };
  struct File {
    std::string name;
    std::vector<Step> steps{};
    bool told = false;  ///< the notifier has told how it ended
    bool succeeded = false;
  };

  void add(const collective::AnyEvent& event);

  [[nodiscard]] const std::map<std::string, File>& files() const { return files_; }
  [[nodiscard]] const std::map<std::string, std::size_t>& counts() const { return counts_; }  ///< events by type
  [[nodiscard]] std::size_t count(std::string_view type) const;
  [[nodiscard]] std::size_t told() const { return told_; }

 private:
  std::map<std::string, File> files_;  ///< by correlation id
  std::map<std::string, std::size_t> counts_;
  std::size_t told_ = 0;
};

}  // namespace pipeline
