// The parts of describe_changes() that have files of their own.
#pragma once

#include <string>
#include <vector>

#include "control/config.h"

namespace turnout {

void compare_filters(const Config& from, const Config& to, std::vector<std::string>& sentences);

}  // namespace turnout
