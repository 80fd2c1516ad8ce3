// Answers ICMP echo requests ("ping") for IPv4 over Ethernet (RFC 792, RFC 1122 3.2.2.6).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <rte_ip.h>

#include "control/address.h"

namespace turnout {

/// A whole, sound echo request. `message` is a view into the frame it was parsed from.
struct EchoRequest {
  rte_ether_hdr ethernet{};
  rte_ipv4_hdr ip{};                 // without the options
  std::span<const uint8_t> message;  // ICMP header and payload, without the frame's padding

  MacAddress destination_mac() const { return MacAddress{ethernet.dst_addr}; }
};

/// Nothing if the frame is no echo request or one that mustn't be answered:
///  - truncated, a fragment, or with a wrong checksum (IPv4's or ICMP's);
///  - from or to a group (MAC or IP): RFC 1122 3.2.2.6 allows silence, and the answers would be a flood;
///  - from an address that can't be a host's: 0/8, 127/8, 224/4, 240/4;
///  - source-routed: the answer had to take the way back (RFC 1122), but such packets are to be dropped today
///    (RFC 7126 4.3 and 4.4). VLAN-tagged frames are not looked into.
std::optional<EchoRequest> parse_echo_request(std::span<const uint8_t> frame);

/// The reply: addresses swapped, TTL 64, the request's payload, type of service (RFC 1349 5.1; ECN bits
/// cleared), identification and Don't Fragment bit. IP options are left out: Record Route and Timestamp
/// SHOULD be carried over (RFC 1122 3.2.2.6), but nobody can rely on them (RFC 7126). Padded to Ethernet's
/// minimum of 60 bytes.
std::vector<uint8_t> make_echo_reply(const EchoRequest& request, const MacAddress& our_mac);

/// Both at once. Whether the frame was for `our_mac` and its IP address is the caller's to check.
std::optional<std::vector<uint8_t>> make_echo_reply(std::span<const uint8_t> frame,
                                                    const MacAddress& our_mac);

}  // namespace turnout
