// The registry of commands as JSON: what the manual page is made from.
#pragma once

#include "control/cli/json.h"

namespace turnout::cli {

/// {groups: [{title, example, commands: [{name, arguments, summary, json_method, options, details}]}],
/// options}
Json registry_json();

}  // namespace turnout::cli
