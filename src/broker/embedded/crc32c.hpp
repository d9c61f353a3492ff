#pragma once

#include <cstdint>
#include <string_view>

namespace collective::embedded {

/// CRC-32C (Castagnoli) of `bytes`, continuing from the checksum of what stands before them. Uses the processor's
/// instruction where there is one.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0) noexcept;

/// The same by table, for processors without the instruction.
std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before = 0) noexcept;

}  // namespace collective::embedded
