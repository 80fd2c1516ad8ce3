// Settings of keepalived that Turnout has nothing for, and does without.
#pragma once

#include <string_view>

#include "control/cli/import/keepalived_text.h"

namespace turnout::cli {

/// Is the statement one of them? Then it is a leftover.
bool leave_without(const KeepalivedStatement& statement, Leftovers& leftovers);

}  // namespace turnout::cli
