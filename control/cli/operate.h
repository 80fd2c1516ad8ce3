// Commands that change what runs and watch what comes of it.
#pragma once

#include "control/cli/commands.h"

namespace turnout::cli {

void apply_config(const Request& request);
void drain_server(const Request& request);
void start_maintenance(const Request& request);
void end_maintenance(const Request& request);
void list_maintenance(const Request& request);

}  // namespace turnout::cli
