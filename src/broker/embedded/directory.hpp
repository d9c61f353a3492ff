#pragma once

#include <string>
#include <utility>

#include <sys/types.h>

namespace collective::embedded {

/// The store's directory, held open. Created with mode 0700; symlinks are refused, for it and for the files in it.
class Directory {
 public:
  explicit Directory(const std::string& path);  ///< throws Fault
  ~Directory();
  Directory(Directory&& other) noexcept
      : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)), id_(other.id_) {}
  Directory& operator=(Directory&&) = delete;

  using Id = std::pair<dev_t, ino_t>;
  [[nodiscard]] Id id() const { return id_; }
  [[nodiscard]] int file() const { return file_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Refuses a data file that some other code of this process has open: LMDB's locks would be lost.
  void refuse_second_copy() const;
  /// Keeps the data file's descriptors, which LMDB opens without it, from programs that this process starts.
  void close_on_exec() const;

 private:
  void refuse_links() const;

  std::string path_;
  int file_ = -1;
  Id id_{};
};

/// Looks at the data file before it is mapped: reading a truncated one through the map would kill the process.
/// `must_exist`: the store was in use before, so an empty or missing file is a loss.
void check_data_file(const Directory& directory, bool must_exist);

}  // namespace collective::embedded
