#include "control/probe_text.h"

#include <algorithm>

namespace turnout {

std::string printable(std::string_view text, size_t most) {
  std::string safe(text.substr(0, most));
  std::ranges::replace_if(
      safe, [](char octet) { return octet < ' ' || octet > '~'; }, '?');
  return safe;
}

std::string in_words(std::chrono::milliseconds time) {
  constexpr int kSecond = 1000;
  const auto whole = time.count() / kSecond;
  auto part = time.count() % kSecond;
  if (whole == 0) return std::to_string(part) + " ms";
  if (part == 0) return std::to_string(whole) + " s";
  std::string digits = std::to_string(kSecond + part).substr(1);
  digits.erase(digits.find_last_not_of('0') + 1);
  return std::to_string(whole) + "." + digits + " s";
}

}  // namespace turnout
