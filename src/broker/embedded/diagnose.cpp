#include "broker/embedded/diagnose.hpp"

#include <filesystem>

#include <sys/stat.h>

namespace collective::embedded {
namespace {

using Level = Finding::Level;

std::string megabytes(std::uintmax_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

Finding durability(const Options& options) {
  switch (options.sync) {
    case Sync::full:
      return {Level::good, "every commit is flushed whole (sync=full)", ""};
    case Sync::commit:
      return {Level::good, "every commit's data is flushed (sync=commit); a system crash may undo the last 10 ms", ""};
    case Sync::none:
      break;
  }
  return {Level::problem, "nothing is flushed (sync=none): a system crash may destroy the whole store",
          "leave sync=none out of the broker URL, unless the events may be lost"};
}

Finding access(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0)
    return {Level::problem, "the directory " + path + " is gone",
            "end the processes that still use it, and restore it"};
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return {Level::warning, "other users may write to " + path, "chmod go-w " + path};
  if ((info.st_mode & (S_IRGRP | S_IROTH)) != 0)
    return {Level::warning, "other users may read the events in " + path,
            "chmod go-r " + path + ", unless they should"};
  return {Level::good, "only its owner may use " + path, ""};
}

Finding disk(const std::string& path) {
  std::error_code error;
  const auto space = std::filesystem::space(path, error);
  if (error) return {Level::warning, "cannot tell how full the disk of " + path + " is: " + error.message(), "see df"};
  const auto found = megabytes(space.available) + " of the disk of " + path + " are free";
  if (space.available < (std::uintmax_t{64} << 20))
    return {Level::problem, found, "make room, or trim streams: publishing is refused when it is full"};
  if (space.available < (std::uintmax_t{1} << 30)) return {Level::warning, found, "make room, or trim streams"};
  return {Level::good, found, ""};
}

Finding map(const Environment::Usage& usage) {
  const auto found =
      "the store uses " + megabytes(usage.used) + " of the " + megabytes(usage.limit) + " it may grow to";
  if (usage.used < usage.limit - usage.limit / 10) return {Level::good, found, ""};
  return {Level::warning, found, "raise max_mb in the broker URL, or trim streams; freed room inside is used again"};
}

}  // namespace

std::vector<Finding> diagnose(Environment& environment) {
  return {durability(environment.options()), access(environment.path()), disk(environment.path()),
          map(environment.usage())};
}

}  // namespace collective::embedded
