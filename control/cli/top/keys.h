// What the keys of `top` do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/cli/top/view.h"

namespace turnout::cli::top {

/// Keys as a terminal sends them: a character each, or an escape sequence (ECMA-48 5.4) that begins with ESC.
std::vector<std::string> split_keys(std::string_view bytes);

/// Does what the key asks for. False: quit. What it doesn't know changes nothing.
bool press(std::string_view key, Wishes& wishes);

}  // namespace turnout::cli::top
