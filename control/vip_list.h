// What vip.list and vip.edit mean for a configuration.
#pragma once

#include <set>

#include "control/config_json.h"

namespace turnout {

/// Every VIP that a service has or that has settings, by address, with the number of its services and whether
/// it is among the `withdrawn`.
Json list_vips(const Config& config, const std::set<IpAddress>& withdrawn = {});

/// The configuration with what the parameters {vip, echo?, unmatched?, depends_on_uplink?, filter?, icmp?}
/// ask for, or an RpcError. A VIP that is back at the defaults is listed no more.
Config edit_vip(Config config, const Json& params);

}  // namespace turnout
