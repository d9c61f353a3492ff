#include "broker/embedded/directory.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "broker/embedded/fault.hpp"

namespace collective::embedded {
namespace {

constexpr std::array files{"data.mdb", "lock.mdb", "doorbell"};

Fault cannot(const std::string& doing, const std::string& path, int cause) {
  const auto user = "user " + std::to_string(::geteuid());
  const std::string reason = std::system_category().message(cause);
  if (cause == EACCES || cause == EPERM || cause == EROFS) {
    return {Errc::permission,
            "embedded store " + path + ": " + doing + " is not allowed to " + user + " (" + reason +
                "); give that user write access to the directory, or choose another one",
            cause};
  }
  if (cause == ELOOP || cause == ENOTDIR) {
    return {Errc::permission,
            "embedded store " + path +
                ": it is a symbolic link or not a directory; name the directory "
                "itself",
            cause};
  }
  return fault_of(cause, doing, path);
}

/// A name in a directory survives a system crash once the directory is flushed.
void flush_directory(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;  // one that may be searched and not read
  const int cause = ::fsync(file) == 0 ? 0 : errno;
  ::close(file);
  if (cause != 0 && cause != EINVAL) throw cannot("flushing the directory", path, cause);
}

void create(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> missing;
  std::error_code ignored;  // what is wrong with a parent shows in mkdir below
  for (auto next = path; next.has_relative_path() && !std::filesystem::exists(next, ignored);
       next = next.parent_path()) {
    missing.push_back(next);
  }
  for (; !missing.empty(); missing.pop_back()) {
    const auto& next = missing.back();
    const ::mode_t mode = next == path ? 0700 : 0777;
    if (::mkdir(next.c_str(), mode) != 0 && errno != EEXIST) throw cannot("creating the directory", next, errno);
    flush_directory(next.parent_path());
  }
}

/// Also when the process changes its directory, the path is to mean the same.
std::string absolute(std::string path, const std::string& given) {
  std::error_code error;
  path = std::filesystem::absolute(path, error).string();
  if (error) throw cannot("finding the directory", given, error.value());
  return path;
}

Directory::Id id_of(const struct stat& info) {
  return {info.st_dev, info.st_ino};
}

}  // namespace

Directory::Directory(const std::string& path) : path_(path) {
  while (path_.size() > 1 && path_.back() == '/') path_.pop_back();  // "link/" would follow the link
  if (path_.empty()) throw Fault(Errc::invalid, "embedded store: the path is empty; name a directory");
  path_ = absolute(path_, path);
  create(path_);
  file_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (file_ < 0) throw cannot("opening the directory", path_, errno);
  struct stat info{};
  int cause = ::fstat(file_, &info) == 0 ? 0 : errno;
  if (cause == 0 && ::faccessat(file_, ".", R_OK | W_OK | X_OK, AT_EACCESS) != 0) cause = errno;
  try {
    if (cause != 0) throw cannot("writing to the directory", path_, cause);
    id_ = id_of(info);
    refuse_foreign(info);
    refuse_links();
  } catch (...) {
    ::close(file_);
    throw;
  }
}

Directory Directory::duplicate() const {
  Directory same;
  same.path_ = path_;
  same.id_ = id_;
  same.data_ = data_;
  same.file_ = ::fcntl(file_, F_DUPFD_CLOEXEC, 0);
  if (same.file_ < 0) throw cannot("opening the directory", path_, errno);
  return same;
}

Directory::~Directory() {
  if (file_ >= 0) ::close(file_);
}

// A group's write permission is taken as meant: some platforms give it to every volume. Everybody's never is.
void Directory::refuse_foreign(const struct stat& directory) const {
  const auto refuse = [this](const std::string& what, const std::string& fix) {
    throw Fault(Errc::permission, "embedded store " + path_ + ": everybody on this machine may write to " + what +
                                      ", and so change or remove what is stored; take that right away: chmod o-w " +
                                      fix);
  };
  if ((directory.st_mode & S_IWOTH) != 0) {  // as a container's volume often is
    refuse("its directory",
           path_ + ", or name one below it, which is then created for this user alone: " + path_ + "/store");
  }
  for (const char* name : files) {
    struct stat info{};
    if (::fstatat(file_, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) continue;
    if ((info.st_mode & S_IWOTH) != 0) refuse(name, path_ + "/" + name);
  }
}

void Directory::refuse_links() const {
  for (const char* name : files) {
    struct stat info{};
    if (::fstatat(file_, name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISREG(info.st_mode)) {
      throw Fault(Errc::permission, "embedded store " + path_ + ": " + name +
                                        " is not a regular file (a symbolic link?); "
                                        "the store does not follow links: remove it, or name the real directory");
    }
    if (::faccessat(file_, name, R_OK | W_OK, AT_EACCESS) != 0)
      throw cannot("writing to " + std::string(name), path_, errno);
  }
}

// An environment is a mapping of its file; an open descriptor alone may be inherited from a parent process.
void Directory::refuse_second_copy() const {
  struct stat data{};
  if (::fstatat(file_, "data.mdb", &data, AT_SYMLINK_NOFOLLOW) != 0) return;
  std::ifstream maps("/proc/self/maps");  // without /proc there is no check: it is a courtesy
  std::string line;
  while (std::getline(maps, line)) {
    std::istringstream fields(line);
    std::string range, rights, offset, device;
    ino_t inode = 0;
    unsigned int major_id = 0, minor_id = 0;
    fields >> range >> rights >> offset >> device >> inode;
    if (inode != data.st_ino || std::sscanf(device.c_str(), "%x:%x", &major_id, &minor_id) != 2) continue;
    if (major_id != major(data.st_dev) || minor_id != minor(data.st_dev)) continue;
    throw Fault(Errc::conflict,
                "embedded store " + path_ +
                    ": another copy of this library (or other LMDB code) has it "
                    "open in this process, which would break its locks; link one copy, or use one process each");
  }
}

void Directory::flush() const {
  if (::fsync(file_) != 0 && errno != EINVAL) throw cannot("flushing the directory", path_, errno);
}

void Directory::remember_data_file() {
  struct stat info{};
  if (::fstatat(file_, "data.mdb", &info, AT_SYMLINK_NOFOLLOW) == 0) data_ = id_of(info);
}

void Directory::refuse_removed() const {
  struct stat there{};
  struct stat data{};
  const bool gone = ::lstat(path_.c_str(), &there) != 0 ? errno == ENOENT || errno == ENOTDIR : id_of(there) != id_;
  const bool emptied =
      ::fstatat(file_, "data.mdb", &data, AT_SYMLINK_NOFOLLOW) != 0 ? errno == ENOENT : id_of(data) != data_;
  if (!gone && !emptied) return;
  throw Fault(Errc::unavailable,
              "embedded store " + path_ + ": its " + (gone ? "directory" : "data.mdb") +
                  " was removed or replaced while this process had it open, and what it would store now nobody would "
                  "find; nothing more is written: close it, and connect again to what is there now");
}

void Directory::close_on_exec() const {
  DIR* const open_files = ::opendir("/proc/self/fd");
  if (open_files == nullptr) return;
  struct stat data{};
  const bool known = ::fstatat(file_, "data.mdb", &data, AT_SYMLINK_NOFOLLOW) == 0;
  while (const dirent* const entry = known ? ::readdir(open_files) : nullptr) {
    struct stat info{};
    if (::fstatat(::dirfd(open_files), entry->d_name, &info, 0) != 0) continue;
    if (info.st_dev == data.st_dev && info.st_ino == data.st_ino)
      ::fcntl(static_cast<int>(std::strtol(entry->d_name, nullptr, 10)), F_SETFD, FD_CLOEXEC);
  }
  ::closedir(open_files);
}

}  // namespace collective::embedded
