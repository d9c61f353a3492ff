#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace collective::broker {

/// Keeps text together: what is copied in stays where it is until the arena goes.
class Arena {
 public:
  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    if (left_ < text.size()) grow(text.size());
    std::memcpy(next_, text.data(), text.size());
    const std::string_view copied(next_, text.size());
    next_ += text.size();
    left_ -= text.size();
    return copied;
  }
  /// Takes back the latest copy.
  void undo(std::string_view latest) {
    next_ -= latest.size();
    left_ += latest.size();
  }

 private:
  void grow(std::size_t wanted) {
    const std::size_t size = std::max(wanted, block_);
    block_ = std::min(block_ * 4, std::size_t{1} << 20);
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    next_ = blocks_.back().get();
    left_ = size;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t block_ = 1024;
};

}  // namespace collective::broker
