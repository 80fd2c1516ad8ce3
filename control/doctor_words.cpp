#include "control/doctor_words.h"

#include <array>
#include <cstdio>

namespace turnout {

std::string with_one_decimal(double number) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f", number);
  return buffer.data();
}

std::string as_share(uint64_t part, uint64_t whole) {
  const double share = whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  return with_one_decimal(100 * share) + " %";
}

std::string counted(uint64_t number, const char* noun) {
  return std::to_string(number) + ' ' + noun + (number == 1 ? "" : "s");
}

std::string on_port(const std::string& name) {
  return "port '" + name + "'";
}

std::string listed(const char* what, std::span<const unsigned> numbers) {
  std::string result = what;
  for (const unsigned number : numbers)
    result += (result.size() == std::string(what).size() ? " " : ", ") + std::to_string(number);
  return result;
}

}  // namespace turnout
