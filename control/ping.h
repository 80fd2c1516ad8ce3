// Asks by echo requests whether an address can be reached, over ICMP (RFC 792) and ICMPv6 (RFC 4443 4.1), and
// reads the replies. Those that others send us are answered by icmp_echo.h and icmp6_echo.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "control/ip_frame.h"

namespace turnout {

/// What a reply brings back of its request. In host byte order.
struct PingNumbers {
  uint16_t id = 0;
  uint16_t sequence = 0;
  bool operator==(const PingNumbers&) const = default;
};

/// Of the family of the route's addresses; without payload.
std::vector<uint8_t> make_ping(const IpRoute& route, const PingNumbers& numbers);

struct PingReply {
  IpAddress from;
  IpAddress to;
  PingNumbers numbers;
};

/// Nothing if the frame is no echo reply, truncated, a fragment, or has a wrong checksum.
std::optional<PingReply> parse_ping_reply(std::span<const uint8_t> frame);

}  // namespace turnout
