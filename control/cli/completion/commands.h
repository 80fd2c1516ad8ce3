// `turnoutctl completion`.
#pragma once

#include "control/cli/commands.h"

namespace turnout::cli {

CommandGroup completion_commands();

}  // namespace turnout::cli
