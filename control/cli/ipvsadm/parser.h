// From the words of a command line to a Command, or to what is wrong with them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/cli/ipvsadm/command.h"
#include "control/cli/ipvsadm/names.h"
#include "control/cli/ipvsadm/options.h"

namespace turnout::cli::ipvsadm {

/// What an option asks for as the first of a line; nothing if it is no command.
std::optional<Action> action_of(const Option& option);

/// `program` is what the reader is told to ask for help. Throws GrammarError.
Command parse_command(const std::vector<std::string>& words, const Names& names, const std::string& program);

}  // namespace turnout::cli::ipvsadm
