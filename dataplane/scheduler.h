// Choosing a real server for a new connection: an index into what control compiled.
#pragma once

#include <cstdint>

#include "dataplane/snapshot.h"

namespace turnout {

/// splitmix64's finalizer (Steele, Lea, Flood 2014). Not keyed on purpose: every director of a fleet maps a
/// flow alike.
constexpr uint64_t maglev_hash(uint64_t flow) {
  flow = (flow ^ flow >> 30) * 0xBF58476D1CE4E5B9u;
  flow = (flow ^ flow >> 27) * 0x94D049BB133111EBu;
  return flow ^ flow >> 31;
}

/// What Maglev knows a flow by: client address and port, as they stand in the packet.
constexpr uint64_t maglev_flow(uint32_t client_be, uint16_t client_port_be) {
  return uint64_t{client_be} << 16 | client_port_be;
}
constexpr uint64_t maglev_flow(const Address6& client, uint16_t client_port_be) {
  return maglev_hash(maglev_hash(client.first) ^ client.last) + client_port_be;
}

/// The server slot that a flow has in the Maglev table (Eisenbud et al., NSDI 2016). The service must have
/// servers.
inline uint32_t schedule_by_maglev(const Service& service, uint64_t flow) {
  const uint64_t hash = maglev_hash(flow) >> 32;
  return service.maglev[hash * service.maglev_size >> 32];  // scaled instead of divided
}

/// The next server in the order of `rr` or `wrr`. `cursor` is the worker's own for this service: each
/// worker's connections are in exact proportion, and so is their sum.
inline uint32_t schedule_in_turn(const Service& service, uint32_t& cursor) {
  if (cursor >= service.sequence_size) cursor = 0;
  return service.sequence[cursor++];
}

}  // namespace turnout
