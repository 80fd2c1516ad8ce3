// Maglev's look-up table (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI
// 2016, 3.4), with weights.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "control/address.h"

namespace turnout {

struct ScheduledServer {
  uint32_t slot = 0;    // what the table holds
  uint32_t weight = 1;  // above 0
  IpAddress address;    // what a server's place in the table depends on: the same on every director
  bool starts_slowly =
      false;  // one of the service's servers does, and weights say so: rr goes by them as well
  bool operator==(const ScheduledServer&) const = default;
};

/// `size` entries (a prime, more than there are servers), each a server's slot. The order of `servers` makes
/// no difference. Empty if there are no servers.
std::vector<uint32_t> build_maglev(std::span<const ScheduledServer> servers, uint32_t size);

}  // namespace turnout
