// Text broken into lines.
#pragma once

#include <string>
#include <string_view>

namespace turnout::cli {

/// Breaks at spaces so that lines have at most `columns` characters as far as words allow it. Each line
/// starts `indent` characters in: the first line's are the caller's to write. What stands between backticks,
/// a command, is one word, so that it can be copied from one line. No line end at the end.
std::string wrap(std::string_view text, size_t columns, size_t indent);

}  // namespace turnout::cli
