// What is wrong with real servers' and gateways' MAC addresses, for the doctor.
#pragma once

#include <string>
#include <vector>

#include "control/config.h"
#include "control/finding.h"
#include "control/neighbor_table.h"

namespace turnout {

/// So many questions have to be unanswered until it is worth a finding.
inline constexpr unsigned kUnansweredIsWrong = 3;

/// The codes are
///   neighbor_unresolved  it never answered
///   neighbor_stale       it no longer answers; its last MAC stays in use
///   neighbor_fight       two machines have its address, and both answer, or one of them claims it all the
///   time
/// Critical if it is a gateway, else a warning.
Findings find_neighbor_faults(const NeighborTable& neighbors, const std::vector<PortConfig>& ports,
                              NeighborTable::Time now);

bool is_gateway(const PortConfig& port, const IpAddress& address);

}  // namespace turnout
