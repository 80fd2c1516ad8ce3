// `turnoutctl import`: other directors' files, as a turnout.json.
#pragma once

#include "control/cli/commands.h"

namespace turnout::cli {

CommandGroup import_commands();

}  // namespace turnout::cli
