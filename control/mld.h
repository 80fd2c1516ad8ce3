// Multicast Listener Discovery (RFC 3810): switches that snoop pass on solicitations only for groups that
// somebody said to listen to.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "control/address.h"

namespace turnout {

/// A sound query of either version, to all groups or to one: hop limit 1, link-local source, Router Alert
/// (RFC 3810 5.1.14 and 6.2). VLAN-tagged frames are not looked into.
bool is_mld_query(std::span<const uint8_t> frame);

/// MLDv2 reports to ff02::16 from the link-local address of `our_mac`: we begin to listen to `groups`
/// (`joining`), or do so, as the answer to a query. As many frames as it takes for a packet to fit 1,280
/// bytes, every link's smallest MTU; none without groups.
std::vector<std::vector<uint8_t>> make_mld_reports(const MacAddress& our_mac,
                                                   const std::vector<IpAddress>& groups, bool joining);

}  // namespace turnout
