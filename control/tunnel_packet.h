// The packets that a ProbeTunnel carries: other addresses put into them. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "control/address.h"
#include "control/ip_frame.h"
#include "control/prober.h"

namespace turnout {

/// Source and destination of a TCP segment.
struct TcpPorts {
  uint16_t source = 0;  // host byte order
  uint16_t destination = 0;
};

/// A whole TCP segment in one IP packet.
struct TcpPacket {
  IpFrame ip;
  TcpPorts ports;
  uint32_t sequence = 0;  // host byte order
};

/// Nothing if the frame is not one: fragments and IPv6 packets with extension headers are none.
std::optional<TcpPacket> parse_tcp(std::span<const uint8_t> frame);

/// What is put in place of a packet's addresses; both of the packet's family.
struct Readdressing {
  IpAddress source;
  IpAddress destination;
  std::optional<uint8_t> hop_limit;  // none: stays
};

/// Rewrites the packet in `frame`, which parse_tcp() found to be `packet`, in place. The checksum of TCP is
/// updated and not made anew (RFC 1624): what was damaged on its way stays damaged.
void readdress(std::span<uint8_t> frame, const TcpPacket& packet, const Readdressing& to);

}  // namespace turnout
