// Answers ICMPv6 echo requests ("ping") for IPv6 over Ethernet (RFC 4443 4.1 and 4.2).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <rte_ip.h>

#include "control/address.h"

namespace turnout {

/// A whole, sound echo request. `message` is a view into the frame it was parsed from.
struct EchoRequest6 {
  rte_ether_hdr ethernet{};
  rte_ipv6_hdr ip{};                 // without extension headers
  std::span<const uint8_t> message;  // ICMPv6 header and payload, without the frame's padding

  MacAddress destination_mac() const { return MacAddress{ethernet.dst_addr}; }
};

/// Nothing if the frame is no echo request or one that mustn't be answered:
///  - truncated, a fragment, or with a wrong checksum;
///  - from or to a group (MAC or IP): RFC 4443 4.2 allows silence, and the answers would be a flood;
///  - from or to an address that can't be a host's on the wire: ::, ::1, IPv4-mapped;
///  - with an extension header other than hop-by-hop and destination options, with more than eight, or with
///  an
///    option that RFC 8200 4.2 says to discard the packet for. VLAN-tagged frames are not looked into.
std::optional<EchoRequest6> parse_echo_request6(std::span<const uint8_t> frame);

/// The reply: addresses swapped, hop limit 64, the request's payload and traffic class (ECN bits cleared),
/// flow label 0, no extension headers. Padded to Ethernet's minimum of 60 bytes.
std::vector<uint8_t> make_echo_reply6(const EchoRequest6& request, const MacAddress& our_mac);

/// Both at once. Whether the frame was for `our_mac` and its IP address is the caller's to check.
std::optional<std::vector<uint8_t>> make_echo_reply6(std::span<const uint8_t> frame,
                                                     const MacAddress& our_mac);

}  // namespace turnout
