// One line of keepalived.conf, split into words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace turnout::cli {

struct KeepalivedWord {
  std::string text;
  bool is_brace = false;  // { or } that opens or ends a block
};

/// Without comments (# and ! to the end of the line) and quotes; \ takes the character behind it as it is.
std::vector<KeepalivedWord> split_keepalived_line(std::string_view line);

}  // namespace turnout::cli
