#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "broker/arena.hpp"

struct redisReader;

namespace collective::redis {

/// One value of an answer. Its text and items live in the `Answer` it belongs to.
struct Reply {
  enum class Kind : std::uint8_t { nothing, text, number, list, error };
  Kind kind = Kind::nothing;
  std::string_view text{};
  std::int64_t number = 0;
  std::span<Reply> items{};

  /// The item, or a value of nothing when there is none: answers of foreign shape are read without surprises.
  [[nodiscard]] const Reply& at(std::size_t i) const;
  [[nodiscard]] bool is_error() const { return kind == Kind::error; }
  /// A number, also when it came as text.
  [[nodiscard]] std::uint64_t whole() const;
  [[nodiscard]] std::int64_t signed_whole() const;
};

/// A whole answer and all it is made of.
struct Answer {
  Reply root{};
  broker::Arena text{};
  std::vector<std::unique_ptr<Reply[]>> lists{};
};
using AnswerPointer = std::shared_ptr<Answer>;

/// Cuts a stream of bytes into answers, by hiredis's reader.
class ReplyReader {
 public:
  ReplyReader();
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  void feed(std::string_view bytes);
  /// The next whole answer, or null when more bytes are needed. @throws Fault when the bytes are no Redis answer
  AnswerPointer next();

 private:
  redisReader* reader_;
  AnswerPointer building_;
};

}  // namespace collective::redis
