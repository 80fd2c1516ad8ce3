// The doctor's look at where real servers are: Direct Routing needs each behind a MAC address of its own, on
// the director's layer-2 segment.
#pragma once

#include <vector>

#include "control/finding.h"
#include "control/snapshot_builder.h"

namespace turnout {

/// `resolve`: of real servers that have no fixed MAC address, and of gateways. `own_macs`: by port. Pure.
Findings examine_servers(const Config& config, const ResolveMac& resolve,
                         const std::vector<MacAddress>& own_macs);

}  // namespace turnout
