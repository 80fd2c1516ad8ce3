// What -L and -S show: services and their real servers, out of the daemon's answers, in ipvsadm's order.
#pragma once

#include <cstdint>
#include <vector>

#include "control/cli/ipvsadm/command.h"
#include "control/cli/json.h"

namespace turnout::cli::ipvsadm {

/// Since the start or the last -Z, or per second.
struct Counters {
  uint64_t connections = 0;
  uint64_t packets = 0;
  uint64_t bytes = 0;
};

struct RealServer {
  Destination destination;
  uint64_t active = 0;  // connections
  uint64_t inactive = 0;
  uint64_t persistent = 0;
  Counters counters;
  Counters rates;
};

struct VirtualServer {
  ServiceId id;
  Scheduling scheduling;
  Counters counters;
  Counters rates;
  std::vector<RealServer> servers;
};

ServiceId service_id(const Json& key);  ///< of anything that has vip, protocol and port, or group

/// From service.list and stats.get; a service or server that one of them hasn't got (yet) counts as zero.
std::vector<VirtualServer> read_virtual_servers(const Json& services, const Json& stats);

/// Groups by number behind the others, IPv4 before IPv6, then protocol, address, port; servers by address.
void sort_virtual_servers(std::vector<VirtualServer>& services);

}  // namespace turnout::cli::ipvsadm
