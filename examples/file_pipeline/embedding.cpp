#include "embedding.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <unordered_map>

namespace pipeline {
namespace {

constexpr std::array<std::string_view, 40> frequent = {
    "an",   "and", "are",  "as",    "at",   "be", "but", "by",   "can",  "do",    "does", "for", "from", "has",
    "how",  "if",  "in",   "into",  "is",   "it", "its", "not",  "of",   "on",    "one",  "or",  "so",   "than",
    "that", "the", "then", "there", "this", "to", "was", "what", "when", "which", "with", "you"};

bool belongs_to_word(unsigned char c) {
  return c >= 0x80 || std::isalnum(c) != 0;
}

// FNV-1a, 64 bits.
std::uint64_t hash(std::string_view word) {
  std::uint64_t value = 14695981039346656037ULL;
  for (const char c : word) value = (value ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return value;
}

std::unordered_map<std::string, int> count_words(std::string_view text) {
  std::unordered_map<std::string, int> counts;
  std::string word;
  const auto end_word = [&] {
    if (word.size() > 1 && std::find(frequent.begin(), frequent.end(), word) == frequent.end()) ++counts[word];
    word.clear();
  };
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (belongs_to_word(byte)) {
      word += byte < 0x80 ? static_cast<char>(std::tolower(byte)) : c;
    } else {
      end_word();
    }
  }
  end_word();
  return counts;
}

}  // namespace

std::vector<double> embed(std::string_view text) {
  std::vector<double> vector(dimensions, 0.0);
  for (const auto& [word, count] : count_words(text)) {
    const auto code = hash(word);
    const double sign = (code >> 63) != 0 ? 1.0 : -1.0;
    vector[code % dimensions] += sign * std::sqrt(count);
  }
  const double length = std::sqrt(similarity(vector, vector));
  if (length > 0) {
    for (auto& value : vector) value /= length;
  }
  // Four digits are plenty to compare, and travel in a third of the bytes.
  for (auto& value : vector) value = std::round(value * 10'000) / 10'000;
  return vector;
}

double similarity(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return 0;
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace pipeline
