#pragma once

#include <string>
#include <vector>

namespace pipeline {

struct RunOptions {
  std::string broker{};  ///< empty: an embedded store in a directory of its own, removed at the end
  std::vector<std::string> folders{};
  std::vector<std::string> queries{};
  std::string fail{};  ///< files whose name contains this fail until they are republished
  bool sample = true;  ///< add a sample file that fails
  bool keep = false;   ///< leave the store's directory
};

/// Starts the pipeline's processes, shows their progress, and reports. @return the exit code
int run(const RunOptions& options);

}  // namespace pipeline
