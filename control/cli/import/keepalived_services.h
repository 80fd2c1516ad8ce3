// keepalived's virtual servers and groups of them, as drafts.
#pragma once

#include <string>
#include <vector>

#include "control/cli/import/draft.h"
#include "control/cli/import/leftovers.h"

namespace turnout::cli {

/// Throws InputError if the file's braces don't match.
std::vector<Draft> read_keepalived(const std::string& text, const std::string& file, Leftovers& leftovers);

}  // namespace turnout::cli
