// What `ipvsadm -S -n` prints, a rule a line, as drafts.
#pragma once

#include <string>
#include <vector>

#include "control/cli/import/draft.h"
#include "control/cli/import/leftovers.h"

namespace turnout::cli {

std::vector<Draft> read_ipvsadm_rules(const std::string& text, Leftovers& leftovers);

}  // namespace turnout::cli
