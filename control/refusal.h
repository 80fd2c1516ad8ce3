// What the director answers to a packet that it won't forward, IPv4 and IPv6.
//
// Nothing is answered to what mustn't be (RFC 1122 3.2.2, RFC 1812 4.3.2.7, RFC 4443 2.4(e)): an ICMP error,
// a frame or packet from or to a group, a fragment but the first, a source that is no host's, a damaged
// header. How many answers may go out per second is the caller's to limit (RFC 4443 2.4(f)).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "control/address.h"

namespace turnout {

/// From the VIP the frame was for, which has no such service: TCP gets a reset (RFC 9293 3.10.7.1), UDP "port
/// unreachable", other protocols "protocol unreachable" (RFC 792) or "unrecognized next header" (RFC
/// 4443 3.4). To the frame's source from `our_mac`, padded to 60 bytes. VLAN-tagged frames are not looked
/// into.
///
/// `why`: to somebody whom a filter denies, what isn't TCP gets "communication administratively prohibited"
/// (RFC 1812 5.2.7.1, RFC 4443 3.1).
enum class RefusalReason : uint8_t { unserved, denied };
std::optional<std::vector<uint8_t>> make_refusal(std::span<const uint8_t> frame, const MacAddress& our_mac,
                                                 RefusalReason why = RefusalReason::unserved);

/// From the director's own address `from`, which is of the packet's family: the packet is longer than `mtu`
/// bytes. "Fragmentation needed" (RFC 1191 4) to an IPv4 packet with Don't Fragment, "packet too big" (RFC
/// 4443 3.2) to an IPv6 packet. Whether it is too long is the caller's to know.
std::optional<std::vector<uint8_t>> make_too_big(std::span<const uint8_t> frame, const MacAddress& our_mac,
                                                 const IpAddress& from, uint16_t mtu);

}  // namespace turnout
