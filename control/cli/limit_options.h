// Options of `service add|edit` for limits.
#pragma once

#include "control/cli/commands.h"
#include "control/cli/json.h"

namespace turnout::cli {

/// Those that are given, into `service` as its `limits`. Throws UsageError.
void read_limit_options(const Request& request, Json& service);

void add_limit_options(Command& command);

}  // namespace turnout::cli
