// The look-ups of a snapshot by address: whose a packet's destination is.
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "control/config.h"
#include "control/registry.h"
#include "dataplane/snapshot.h"

namespace turnout {

class FilterBook;
struct Station;

struct VipFacts {
  const std::set<IpAddress>& up;  // those with a service that has a real server
  const Registry& registry;
  const FilterBook* filters;  // null: there are none
};

/// What each address is to the director. `stations`: of the ports, in their order.
void add_addresses(const Config& config, const std::vector<Station>& stations, const VipFacts& facts,
                   Snapshot& snapshot);

/// Which service has a port: one map for single ports, one for the others.
class ListenerMaps {
 public:
  explicit ListenerMaps(const Config& config);
  void add(const ServiceKey& key, uint16_t index);
  void write(Snapshot& snapshot) &&;

 private:
  ServiceMap<uint64_t> ipv4_;
  ServiceMap<ServiceKey6> ipv6_;
  std::map<std::pair<IpAddress, Protocol>, std::vector<PortRange>> ranges_;
};

}  // namespace turnout
