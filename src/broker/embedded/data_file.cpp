#include <bit>
#include <cstring>
#include <optional>
#include <unordered_set>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/embedded/directory.hpp"
#include "broker/embedded/fault.hpp"

// Reads LMDB's own format (data version 1, 64-bit little-endian) with plain reads, never through a map: its two meta
// pages, and its tree of free pages when the file is shorter than the meta says.
namespace collective::embedded {
namespace {

constexpr std::uint32_t lmdb_magic = 0xBEEFC0DE;
constexpr std::uint64_t no_page = ~std::uint64_t{0};
constexpr std::size_t page_header = 16;
constexpr std::uint64_t least_page = 256;
constexpr std::uint64_t largest_page = 65'536;
enum PageFlag : std::uint16_t { branch = 0x01, leaf = 0x02, overflow = 0x04, meta = 0x08 };
constexpr std::uint16_t big_data = 0x01;

template <class T>
T load(const std::vector<char>& page, std::size_t offset) {
  T value{};
  if (offset + sizeof value <= page.size()) std::memcpy(&value, page.data() + offset, sizeof value);
  return value;
}

struct Meta {
  std::uint64_t page_size = 0;
  std::uint64_t free_root = no_page;
  std::uint64_t last_page = 0;
  std::uint64_t transaction = 0;
};

class DataFile {
 public:
  explicit DataFile(int file) : file_(file) {}

  [[nodiscard]] std::vector<char> read(std::uint64_t offset, std::size_t size) const {
    std::vector<char> bytes(size);
    const auto got = ::pread(file_, bytes.data(), size, static_cast<off_t>(offset));
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
  }

  [[nodiscard]] std::optional<Meta> newest_meta() const {
    const auto first = meta_at(0);
    if (!first) return std::nullopt;
    const auto second = meta_at(first->page_size);
    if (!second) return std::nullopt;
    return first->transaction >= second->transaction ? first : second;
  }

  /// All pages in the free tree, or nothing when the tree itself cannot be read.
  [[nodiscard]] std::optional<std::unordered_set<std::uint64_t>> free_pages(const Meta& meta_page) const {
    std::unordered_set<std::uint64_t> pages;
    if (meta_page.free_root != no_page && !collect(meta_page, meta_page.free_root, 0, pages)) return std::nullopt;
    return pages;
  }

 private:
  [[nodiscard]] std::optional<Meta> meta_at(std::uint64_t offset) const {
    const auto page = read(offset, 512);
    if (page.size() < 512 || (load<std::uint16_t>(page, 10) & meta) == 0) return std::nullopt;
    if (load<std::uint32_t>(page, 16) != lmdb_magic) return std::nullopt;
    // magic, version, address, map size, then two tree records of 48 bytes: the free tree and the main one
    Meta result;
    result.page_size = load<std::uint32_t>(page, 40);  // the free tree's md_pad holds the page size
    if (!std::has_single_bit(result.page_size) || result.page_size < least_page || result.page_size > largest_page) {
      return std::nullopt;
    }
    result.free_root = load<std::uint64_t>(page, 80);
    result.last_page = load<std::uint64_t>(page, 136);
    result.transaction = load<std::uint64_t>(page, 144);
    return result;
  }

  bool collect(const Meta& meta_page, std::uint64_t number, int depth, std::unordered_set<std::uint64_t>& pages) const {
    const auto page = read(number * meta_page.page_size, meta_page.page_size);
    if (page.size() < meta_page.page_size || depth > 32) return false;
    const auto flags = load<std::uint16_t>(page, 10);
    if ((flags & (branch | leaf)) == 0) return false;
    const auto entries = (load<std::uint16_t>(page, 12) - page_header) / 2;
    for (std::size_t i = 0; i < entries; ++i) {
      const std::size_t node = load<std::uint16_t>(page, page_header + 2 * i);
      const bool read_it = (flags & branch) != 0 ? collect(meta_page, child_of(page, node), depth + 1, pages)
                                                 : take_list(meta_page, page, node, pages);
      if (!read_it) return false;
    }
    return true;
  }

  static std::uint64_t child_of(const std::vector<char>& page, std::size_t node) {
    return load<std::uint16_t>(page, node) | (std::uint64_t{load<std::uint16_t>(page, node + 2)} << 16) |
           (std::uint64_t{load<std::uint16_t>(page, node + 4)} << 32);
  }

  /// A leaf's value is a counted list of page numbers, in place or on overflow pages.
  bool take_list(const Meta& meta_page, const std::vector<char>& page, std::size_t node,
                 std::unordered_set<std::uint64_t>& pages) const {
    const std::size_t size = load<std::uint16_t>(page, node) | (std::size_t{load<std::uint16_t>(page, node + 2)} << 16);
    const std::size_t data = node + 8 + load<std::uint16_t>(page, node + 6);
    std::vector<char> list;
    if ((load<std::uint16_t>(page, node + 4) & big_data) != 0) {
      list = read(load<std::uint64_t>(page, data) * meta_page.page_size + page_header, size);
    } else if (data + size <= page.size()) {
      list.assign(page.begin() + static_cast<std::ptrdiff_t>(data),
                  page.begin() + static_cast<std::ptrdiff_t>(data + size));
    }
    if (list.size() < size) return false;
    const auto count = load<std::uint64_t>(list, 0);
    for (std::uint64_t i = 1; i <= count && i < size / 8; ++i) pages.insert(load<std::uint64_t>(list, i * 8));
    return true;
  }

  int file_;
};

std::uint64_t size_of(int file) {
  struct stat info{};
  return ::fstat(file, &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

/// LMDB does not write pages that were freed in the transaction that made them, so a sound file may end a little
/// before its last page; then every page that is missing is in the free tree.
bool is_whole(const DataFile& data, int file) {
  for (int attempt = 0; attempt < 5; ++attempt) {
    const auto before = data.newest_meta();
    if (!before) return false;
    const auto there = size_of(file) / before->page_size;
    if (there > before->last_page) return true;
    const auto free = data.free_pages(*before);
    bool whole = free.has_value();
    for (auto page = there; whole && page <= before->last_page; ++page) whole = free->contains(page);
    if (whole) return true;
    const auto after = data.newest_meta();
    if (after && after->transaction == before->transaction)
      return false;  // else another process wrote meanwhile: look again
  }
  return true;
}

Fault damaged(const std::string& path, const std::string& how) {
  return {Errc::corrupt,
          "embedded store " + path + ": data.mdb " + how +
              "; stop every process that uses it, and restore the directory from a backup (or, if what it "
              "held may be lost, delete the directory)"};
}

}  // namespace

void check_data_file(const Directory& directory, bool must_exist) {
  const int file = ::openat(directory.file(), "data.mdb", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) {
    if (must_exist && errno == ENOENT) throw damaged(directory.path(), "is missing although the store was in use");
    return;
  }
  const auto size = size_of(file);
  const DataFile data(file);
  const bool whole = size == 0 || (data.newest_meta() && is_whole(data, file));
  ::close(file);
  if (size == 0 && must_exist)
    throw damaged(directory.path(), "is empty although the store was in use: it was truncated");
  if (!whole) throw damaged(directory.path(), "is truncated or is no store: it has " + std::to_string(size) + " bytes");
}

}  // namespace collective::embedded
