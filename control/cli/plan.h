// What is about to change, or has: for reading at 3 a.m.
#pragma once

#include <string>

#include "control/cli/json.h"

namespace turnout::cli {

/// The daemon's sentences ("tcp 192.0.2.100:80: add real server 192.0.2.13, weight 1") as a page: by what
/// they are about, + for what is added, - for what is removed, ~ for what is changed. It is they that are
/// shown, and no comparison of our own, so that the page can't say anything but what happens.
std::string plan_page(const Json& changes, bool colour);

}  // namespace turnout::cli
