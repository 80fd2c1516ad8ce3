// Whole numbers of the command line.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace turnout::cli::ipvsadm {

/// The number if `text` is one in decimal and within the bounds.
inline std::optional<uint32_t> to_number(std::string_view text, uint32_t least, uint32_t most) {
  uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < least || value > most) return std::nullopt;
  return value;
}

}  // namespace turnout::cli::ipvsadm
