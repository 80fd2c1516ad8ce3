// Options of `service add|edit` and `server add|edit` for what LVS has: persistence, flags, groups,
// thresholds.
#pragma once

#include "control/cli/commands.h"
#include "control/cli/json.h"

namespace turnout::cli {

/// Those of a service, as far as they are given, into `service`. Throws UsageError.
void read_scheduling_options(const Request& request, Json& service);

/// Those of a real server into `server`.
void read_threshold_options(const Request& request, Json& server);

/// Adds all of them, and room for "group NAME ipv6", to the commands that take them.
void add_lvs_options(CommandGroup& group);

}  // namespace turnout::cli
