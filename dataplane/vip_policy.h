// What is set for a VIP beyond its role: who may reach it, and what becomes of ICMP to it.
#pragma once

#include <bitset>
#include <cstdint>

namespace turnout {

/// By type of ICMP (RFC 792) or ICMPv6 (RFC 4443), whichever is the VIP's. A type that is in neither set has
/// the usual fate: errors follow the connection that they are about, echo requests are answered by the
/// director or not, and all others are dropped.
struct VipPolicy {
  using Types = std::bitset<256>;
  Types forwarded;            // to a real server, errors apart
  Types dropped;              // errors
  uint16_t icmp_service = 0;  // index of the service whose Maglev table says to which; 0: to none
  uint8_t filter = 0;         // number, 0: none
};

}  // namespace turnout
