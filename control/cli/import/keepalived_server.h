// One virtual_server block of keepalived.conf.
#pragma once

#include <optional>

#include "control/cli/import/draft.h"
#include "control/cli/import/keepalived_targets.h"
#include "control/cli/import/keepalived_text.h"

namespace turnout::cli {

/// The draft of its first target; the others differ from it by the target alone. Nothing, with a leftover, if
/// it can't be a service of Turnout's.
std::optional<Draft> read_virtual_server(const KeepalivedStatement& server, const KeepalivedTarget& target,
                                         Leftovers& leftovers);

}  // namespace turnout::cli
