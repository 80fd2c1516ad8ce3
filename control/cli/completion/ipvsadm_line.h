// What could stand where the cursor is on a command line in ipvsadm's grammar.
#pragma once

#include <string>
#include <vector>

#include "control/cli/completion/candidates.h"
#include "control/cli/completion/names.h"

namespace turnout::cli {

/// `before`: the words in front of the cursor, without the program's. `current`: the word at the cursor, as
/// far as it goes. Options that Turnout refuses are not among them.
std::vector<Candidate> ipvsadm_candidates(std::vector<std::string> before, const std::string& current,
                                          const DaemonNames& names);

}  // namespace turnout::cli
