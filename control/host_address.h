// Which addresses one host can have, as the configuration's rules need to know it.
#pragma once

#include <string>

#include "control/address.h"

namespace turnout {

const char* family_of(const IpAddress& address);  ///< "IPv4" or "IPv6"

/// Why `address` can't be one host's, and what to write instead: "is in 127.0.0.0/8, loopback: use one host's
/// IPv4 address". Empty if it can.
std::string why_not_a_host(const IpAddress& address);

/// fe80::/10 (RFC 4291 §2.5.6). IPv4 has link-local addresses as well, but they are ordinary ones here.
bool is_ipv6_link_local(const IpAddress& address);

/// The subnet in canonical form: "192.0.2.0/24", "2001:db8::/64".
std::string network_of(const InterfaceAddress& own);

/// "network" or "broadcast", or "network (subnet-router anycast)" in IPv6, if `address` has that role in the
/// subnet; else empty.
std::string role_in_subnet(const InterfaceAddress& subnet, const IpAddress& address);

}  // namespace turnout
