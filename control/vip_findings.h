// What a conflict about an address means, in words: for the doctor, for the log and for events.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "control/finding.h"
#include "control/vip_conflicts.h"

namespace turnout {

/// Of each conflict that lasts; the codes are
///   vip_conflict          a real server or gateway claims a VIP, or another machine names it as a sender
///   duplicate_director    a machine that is no real server's answers for a VIP or announces it
///   own_address_conflict  another machine has an address of the director's own
/// Of an address's claimants that are nobody's the first kUnknownListed are listed, the rest counted in one
/// finding, as forged claims can come from any number of MACs.
Findings find_vip_conflicts(const VipConflicts& conflicts, const std::vector<std::string>& port_names,
                            VipConflict::Time now);
inline constexpr unsigned kUnknownListed = 3;

/// One line for the log. `is_new`: it has not been said before.
std::string describe(const VipConflict& conflict, const std::string& port_name, bool is_new);
std::string describe_end(const VipConflict& conflict);

/// Of its events.
nlohmann::json conflict_fields(const VipConflict& conflict, const std::string& port_name);

}  // namespace turnout
