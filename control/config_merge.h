// What a configuration file is to say so that it means the running configuration and stays the operator's
// own: its comments, its order, its spelling, and its silence about what is as it would be anyway.
#pragma once

#include <optional>
#include <string>

#include "control/config_json.h"

namespace turnout {

/// `text`, which is a valid configuration that means `file`, changed so that it means `running`. Where both
/// agree, it stays as it is written. Nothing if that can't be done: reading the outcome didn't give `running`
/// again.
std::optional<std::string> merge_into_text(const std::string& text, const Config& file,
                                           const Config& running);

/// All of the configuration with all defaults, members in the order of the operator's guide.
std::string whole_text(const Config& running);

/// The same: does it come to one configuration?
bool mean_the_same(const Config& a, const Config& b);

}  // namespace turnout
