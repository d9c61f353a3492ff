#include "broker/embedded/directory.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

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

void create(const std::string& path) {
  std::error_code ignored;  // what is wrong with a parent shows in mkdir below
  const auto parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, ignored);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw cannot("creating the directory", path, errno);
}

}  // namespace

Directory::Directory(const std::string& path) : path_(path) {
  while (path_.size() > 1 && path_.back() == '/') path_.pop_back();  // "link/" would follow the link
  if (path_.empty()) throw Fault(Errc::invalid, "embedded store: the path is empty; name a directory");
  create(path_);
  file_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (file_ < 0) throw cannot("opening the directory", path_, errno);
  struct stat info{};
  int cause = ::fstat(file_, &info) == 0 ? 0 : errno;
  if (cause == 0 && ::faccessat(file_, ".", R_OK | W_OK | X_OK, AT_EACCESS) != 0) cause = errno;
  try {
    if (cause != 0) throw cannot("writing to the directory", path_, cause);
    id_ = {info.st_dev, info.st_ino};
    refuse_links();
  } catch (...) {
    ::close(file_);
    throw;
  }
}

Directory::~Directory() {
  if (file_ >= 0) ::close(file_);
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
