// What the commands that change the configuration share.
#pragma once

#include "control/cli/commands.h"

namespace turnout::cli {

inline constexpr CommandOption kIfGeneration = {
    "if-generation", CommandOption::Kind::value, "G",
    "only if the configuration is still at generation G; else refused"};
inline constexpr CommandOption kDryRun = {"dry-run", CommandOption::Kind::on_or_off, "",
                                          "say what would change, and change nothing"};

/// The parameters with what --if-generation says.
Json conditional(const Request& request, Json params);

/// A {generation, changes} in words.
void print_changes(const Request& request, const Json& result, bool dry_run);

}  // namespace turnout::cli
