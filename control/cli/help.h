// The texts that teach: --help, a command's help, and what to do instead of what was typed.
#pragma once

#include <string>
#include <vector>

#include "control/cli/commands.h"

namespace turnout::cli {

std::string general_help();
std::string command_help(const Command& command);

/// For `help WORDS…`: one command, or all those that start with the word ("service"). Throws UsageError if
/// none does.
std::string help_on(const std::vector<std::string>& words);

std::string explain_unknown_command(const std::string& word);

}  // namespace turnout::cli
