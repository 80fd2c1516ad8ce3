#include "control/cli/format.h"

#include <array>
#include <cstdio>

namespace turnout::cli {
namespace {

std::string format_pair(uint64_t large, char large_unit, uint64_t small, char small_unit) {
  std::array<char, 48> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%llu%c %02llu%c", static_cast<unsigned long long>(large),
                large_unit, static_cast<unsigned long long>(small), small_unit);
  return buffer.data();
}

std::string escape(unsigned char byte) {
  std::array<char, 8> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "\\x%02x", static_cast<unsigned>(byte));
  return buffer.data();
}

}  // namespace

std::string printable(std::string_view text) {
  constexpr unsigned char kC1Lead = 0xC2;  // U+0080 to U+009F are C2 80 to C2 9F in UTF-8
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
    if (byte < 0x20 || byte == 0x7F) {
      result += escape(byte);
    } else if (byte == kC1Lead && next >= 0x80 && next <= 0x9F) {
      result += escape(next);
      ++i;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string in_quotes(std::string_view text) {
  return std::string("'").append(printable(text)).append("'");
}

std::string format_duration(uint64_t seconds) {
  constexpr uint64_t kMinute = 60;
  constexpr uint64_t kHour = 60 * kMinute;
  constexpr uint64_t kDay = 24 * kHour;
  if (seconds < kMinute) return std::to_string(seconds) + "s";
  if (seconds < kHour) return format_pair(seconds / kMinute, 'm', seconds % kMinute, 's');
  if (seconds < kDay) return format_pair(seconds / kHour, 'h', seconds % kHour / kMinute, 'm');
  return format_pair(seconds / kDay, 'd', seconds % kDay / kHour, 'h');
}

std::string format_share(uint64_t part, uint64_t whole) {
  if (whole == 0) return "-";
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f %%",
                100.0 * static_cast<double>(part) / static_cast<double>(whole));
  return buffer.data();
}

std::string format_quotient(double dividend, double divisor) {
  if (divisor == 0) return "-";
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f", dividend / divisor);
  return buffer.data();
}

std::string format_endpoint(std::string_view address, std::string_view port) {
  const bool is_ipv6 = address.find(':') != std::string_view::npos;
  std::string result(is_ipv6 ? "[" : "");
  result.append(address).append(is_ipv6 ? "]:" : ":").append(port);
  return result;
}

}  // namespace turnout::cli
