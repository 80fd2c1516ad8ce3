// keepalived.conf as text: statements and the blocks below them, with their lines. What they mean is for
// others.
#pragma once

#include <string>
#include <vector>

#include "control/cli/import/leftovers.h"

namespace turnout::cli {

struct KeepalivedStatement {
  size_t line = 0;                 // from 1
  std::vector<std::string> words;  // without their quotes; never empty
  std::vector<KeepalivedStatement> block;

  const std::string& keyword() const { return words.front(); }
  std::string argument(size_t index = 0) const;  ///< "" if it has no such word
  std::string text() const;                      ///< the words with blanks between
};

/// Comments are left out and `$NAME=value` is put in for `$NAME` and `${NAME}`. A parameter of several lines
/// is a leftover. Throws InputError with the line where a brace is missing or is one too many.
std::vector<KeepalivedStatement> parse_keepalived(const std::string& text, const std::string& file,
                                                  Leftovers& leftovers);

}  // namespace turnout::cli
