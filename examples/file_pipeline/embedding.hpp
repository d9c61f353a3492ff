#pragma once

#include <string_view>
#include <vector>

namespace pipeline {

inline constexpr std::size_t dimensions = 256;

/// A hashed bag of words: each word is hashed to one of the dimensions and to a sign, frequent words count with the
/// square root of their number, and the vector is scaled to unit length. Texts that share words point the same way.
/// A text without words gives the zero vector. Words are runs of ASCII letters and digits or of other UTF-8 text, at
/// least two bytes long, without the most frequent English ones.
std::vector<double> embed(std::string_view text);

/// The cosine of the angle between two such vectors.
double similarity(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace pipeline
