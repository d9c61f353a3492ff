#pragma once

#include <string>
#include <utility>

#include <sys/stat.h>
#include <sys/types.h>

namespace collective::embedded {

/// The store's directory, held open. Created with mode 0700, and so that a system crash does not undo it. One that exists
/// keeps its mode; it is refused when everybody may write to it or to its files, and symlinks are refused.
class Directory {
 public:
  explicit Directory(const std::string& path);  ///< throws Fault
  ~Directory();
  Directory(Directory&& other) noexcept
      : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)), id_(other.id_), data_(other.data_) {}
  Directory& operator=(Directory&&) = delete;
  [[nodiscard]] Directory duplicate() const;  ///< throws Fault

  using Id = std::pair<dev_t, ino_t>;
  [[nodiscard]] Id id() const { return id_; }
  [[nodiscard]] int file() const { return file_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Refuses a data file that some other code of this process has open: LMDB's locks would be lost.
  void refuse_second_copy() const;
  /// Makes the names of the files in it survive a system crash.
  void flush() const;
  /// From now on `refuse_removed` compares the data file too.
  void remember_data_file();
  /// Refuses when the path leads elsewhere by now: what is written here will not be found there.
  void refuse_removed() const;
  /// Keeps the data file's descriptors, which LMDB opens without it, from programs that this process starts.
  void close_on_exec() const;

 private:
  Directory() = default;
  void refuse_foreign(const struct stat& directory) const;
  void refuse_links() const;

  std::string path_;  ///< absolute
  int file_ = -1;
  Id id_{};
  Id data_{};
};

/// Looks at the data file before it is mapped: reading a truncated one through the map would kill the process.
/// `must_exist`: the store was in use before, so an empty or missing file is a loss.
void check_data_file(const Directory& directory, bool must_exist);

}  // namespace collective::embedded
