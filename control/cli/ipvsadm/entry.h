// Which runs of turnoutctl are in ipvsadm's grammar, and their start.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/cli/run.h"

namespace turnout::cli::ipvsadm {

/// The exit code, if the program is turnout-ipvsadm, -save or -restore, or turnoutctl's first word after its
/// own
/// --socket and --json is an option of ipvsadm; else nothing was done. Throws UsageError and NoDaemon.
std::optional<ExitCode> run_if_grammar(const std::vector<std::string>& arguments,
                                       const Environment& environment);

}  // namespace turnout::cli::ipvsadm
