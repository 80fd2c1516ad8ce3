// Which service a flow's packet is of, and under which keys the connection tables know it. Shared by workers
// and by who explains what they do.
#pragma once

#include <algorithm>
#include <type_traits>

#include "dataplane/connection_key.h"
#include "dataplane/packet_fields.h"
#include "dataplane/snapshot.h"

namespace turnout {

/// What a packet's service is found by, in the map of the family whose flows `Key` is of.
template <typename Key>
inline auto service_key(const PacketFields& fields) {
  if constexpr (std::is_same_v<Key, ConnectionKey>)
    return fields.service_word();
  else
    return ServiceKey6{fields.destination6, fields.service_word() >> 32};
}

/// The service that has just this VIP, protocol and port; 0 if none has.
inline uint32_t find_exact_service4(const Snapshot& snapshot, const PacketFields& fields) {
  return snapshot.service_map.find(fields.service_word());
}
inline uint32_t find_exact_service6(const Snapshot& snapshot, const PacketFields& fields) {
  return snapshot.service_map6.find(service_key<WideKey>(fields));
}

/// The service that has the port in a range, or all ports; 0 if none has.
inline uint32_t find_range_service(const Snapshot& snapshot, const PacketFields& fields) {
  const Address6 vip = fields.version == 4 ? mapped_address6(fields.destination) : fields.destination6;
  const uint32_t found = snapshot.range_map.find(service_map_key(vip, 0, fields.protocol));
  if (found == 0) return 0;
  const uint16_t port = packet_detail::from_be16(fields.destination_port);
  for (const PortRange& range : snapshot.ranges[found - 1]) {
    if (port >= range.first && port <= range.last) return range.service;
  }
  return 0;
}

/// Of a service with one port.
template <typename Key>
inline Key flow_key(const PacketFields& fields, uint16_t service) {
  const uint64_t word = fields.client_word() | uint64_t{service} << 48;
  if constexpr (std::is_same_v<Key, ConnectionKey>)
    return word;
  else
    return {fields.client6, word};
}
/// Of a service with several ports, in either family.
inline WideKey flow_key_in_range(const PacketFields& fields, uint16_t service) {
  const Address6 client = fields.version == 4 ? mapped_address6(fields.client) : fields.client6;
  return make_connection_key(client, fields.client_port, service, fields.destination_port);
}

/// The leading bits of a client's address that persistence goes by.
constexpr rte_be32_t mask_client(rte_be32_t client, uint8_t prefix) {
  const uint32_t mask = prefix == 0 ? 0 : ~uint32_t{0} << (32 - std::min<uint8_t>(prefix, 32));
  return client & __builtin_bswap32(mask);
}
constexpr Address6 mask_client(const Address6& client, uint8_t prefix) {
  const auto half = [](uint64_t octets, unsigned bits) {
    return bits == 0 ? 0 : octets & __builtin_bswap64(~uint64_t{0} << (64 - std::min(bits, 64u)));
  };
  return {half(client.first, std::min<unsigned>(prefix, 64)),
          half(client.last, prefix > 64 ? prefix - 64u : 0)};
}

/// The key of a client's persistence template.
constexpr ConnectionKey template_key(const Service& service, rte_be32_t client) {
  return make_connection_key(mask_client(client, service.prefix), 0, service.templates);
}
constexpr WideKey template_key(const Service& service, const Address6& client) {
  return make_connection_key(mask_client(client, service.prefix), 0, service.templates);
}

}  // namespace turnout
