// What an ICMP error says of the packet that it is about: can a host be reached?
#pragma once

#include <cstdint>

#include "control/address.h"
#include "control/probe_packets.h"
#include "control/prober.h"

namespace turnout {

enum class IcmpMeaning : uint8_t { nothing, no_route, no_host, no_service, filtered, loops };

/// RFC 792, RFC 1122 3.2.2.1; RFC 4443 3.1 and 3.3.
IcmpMeaning meaning_of_icmp(bool ipv6, uint8_t type, uint8_t code);

/// `error`: of kind icmp_error, about a check of `vip`.
ProbeResult words_for_icmp(const ProbeAnswer& error, const IpAddress& vip);

}  // namespace turnout
