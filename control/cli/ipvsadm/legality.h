// Which options go with which command.
#pragma once

#include <bitset>

#include "control/cli/ipvsadm/command.h"
#include "control/cli/ipvsadm/options.h"

namespace turnout::cli::ipvsadm {

using Kinds = std::bitset<kKinds>;

/// Throws GrammarError: an option is missing, out of place or excludes another one. In ipvsadm's words.
void check_legality(Action action, const Kinds& given);

/// What may be given as well.
Kinds still_allowed(Action action, const Kinds& given);

}  // namespace turnout::cli::ipvsadm
