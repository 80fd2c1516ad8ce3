#include "control/cli/wrap.h"

#include <algorithm>

namespace turnout::cli {
namespace {

/// UTF-8 characters: all bytes but those that go on with one.
size_t width(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// Up to the next space that is not between backticks.
size_t word_end(std::string_view text, size_t from) {
  bool in_command = false;
  for (size_t i = from; i < text.size(); ++i) {
    if (text[i] == '`') in_command = !in_command;
    if (text[i] == ' ' && !in_command) return i;
  }
  return text.size();
}

}  // namespace

std::string wrap(std::string_view text, size_t columns, size_t indent) {
  std::string result;
  size_t used = indent;
  bool at_line_start = true;
  for (size_t at = 0; at < text.size();) {
    const size_t end = word_end(text, at);
    const std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (!at_line_start && used + 1 + width(word) > columns) {
      result.append(1, '\n').append(indent, ' ');
      used = indent;
      at_line_start = true;
    }
    if (!at_line_start) result += ' ';
    used += width(word) + (at_line_start ? 0 : 1);
    result += word;
    at_line_start = false;
  }
  return result;
}

}  // namespace turnout::cli
