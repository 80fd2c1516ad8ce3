// Neighbor Discovery for IPv6 over Ethernet (RFC 4861): solicitations and advertisements in and out of bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "control/address.h"

namespace turnout {

/// "Who has `target`?"
struct NeighborSolicitation {
  IpAddress source;  // :: in a probe for a duplicate address (RFC 4862 5.4)
  IpAddress target;
  std::optional<MacAddress> source_mac;  // of the option; a solicitation needn't have one
  MacAddress frame_source;
  MacAddress frame_destination;

  bool is_probe() const { return source.is_unspecified(); }
};

/// "`target` is at `target_mac`."
struct NeighborAdvertisement {
  IpAddress source;
  IpAddress target;
  std::optional<MacAddress>
      target_mac;  // of the option; the answer to a unicast solicitation needn't have one
  bool solicited = false;
  bool override = false;  // what the reader already knows is to be replaced
  bool router = false;
  MacAddress frame_source;
  MacAddress frame_destination;
};

/// Nothing if the frame is no sound solicitation (RFC 4861 7.1.1, RFC 6980: no extension headers), has a
/// link-layer address that is no unicast address, or one that differs from the frame's source (a spoof or a
/// proxy we don't learn from). VLAN-tagged frames are not looked into.
std::optional<NeighborSolicitation> parse_neighbor_solicitation(std::span<const uint8_t> frame);

/// The same for an advertisement (RFC 4861 7.1.2).
std::optional<NeighborAdvertisement> parse_neighbor_advertisement(std::span<const uint8_t> frame);

/// To the solicited-node group of `wanted`: who has it?
std::vector<uint8_t> make_neighbor_solicitation(const MacAddress& from_mac, const IpAddress& from,
                                                const IpAddress& wanted);

/// Unicast: do you, `to_mac`, still have `wanted`? (RFC 4861 7.3.3)
std::vector<uint8_t> make_neighbor_check(const MacAddress& from_mac, const IpAddress& from,
                                         const MacAddress& to_mac, const IpAddress& wanted);

/// To the asker: what the solicitation asks for is at `our_mac`. To all nodes if it was a probe, as the asker
/// has no address yet (RFC 4861 7.2.4).
std::vector<uint8_t> make_neighbor_advertisement(const NeighborSolicitation& asked,
                                                 const MacAddress& our_mac);

/// To all nodes: `address` is at `our_mac` from now on (RFC 4861 7.2.6).
std::vector<uint8_t> make_unsolicited_advertisement(const MacAddress& our_mac, const IpAddress& address);

/// ff02::1:ff00:0/104 with the last three octets of the address (RFC 4291 2.7.1).
IpAddress solicited_node(const IpAddress& address);

/// 33:33 and the last four octets of the group (RFC 2464 7).
MacAddress multicast_mac(const IpAddress& group);

/// fe80::/64 with the modified EUI-64 of the MAC (RFC 4291 appendix A).
IpAddress link_local_of(const MacAddress& mac);

}  // namespace turnout
