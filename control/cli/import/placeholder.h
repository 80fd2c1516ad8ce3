// Addresses for the director where nobody knows its own: such that the daemon takes the configuration.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "control/cli/import/values.h"

namespace turnout::cli {

/// "192.0.2.254/24", one for each subnet that the servers seem to be in: the longest prefixes of at most /24
/// and /64 that make few enough subnets and none in which a server or VIP is the network's or the broadcast
/// address. 192.0.2.254/24 if there is no server, or nothing fits.
std::vector<std::string> guess_director_addresses(const std::set<Address>& servers,
                                                  const std::set<Address>& vips);

}  // namespace turnout::cli
