#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// What people read on a terminal and programs in a pipe.
namespace collective::cli {

/// True when standard output is a terminal that takes colour, and $NO_COLOR does not ask for none.
[[nodiscard]] bool in_colour();

enum class Colour : std::uint8_t { red = 31, green = 32, yellow = 33, grey = 90 };
/// The text as it is shown: coloured where `in_colour`.
[[nodiscard]] std::string coloured(std::string_view text, Colour colour);

/// Rows of cells; printed with its columns aligned and without trailing spaces, the header bold on a terminal.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool empty() const { return rows_.size() == 1; }
  void print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// Control characters, which could steer a terminal, become spaces.
std::string plain(std::string_view text);

/// Writes to standard output; ends the program quietly when nobody reads any more.
void print(std::string_view text);

/// The value of `--output`.
struct OutputOption {
  std::string format = "text";
  [[nodiscard]] bool json() const { return format == "json"; }
};

}  // namespace collective::cli
