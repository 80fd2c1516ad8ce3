// IPv6 addresses as two numbers, to be compared and hashed in a few steps.
#pragma once

#include <cstdint>
#include <cstring>

#include <rte_byteorder.h>

namespace turnout {

/// The first and the last eight octets, each as it lies in memory (network byte order).
struct Address6 {
  uint64_t first = 0;
  uint64_t last = 0;
  friend constexpr bool operator==(const Address6&, const Address6&) = default;
};

inline Address6 load_address6(const uint8_t* octets) {
  Address6 address;
  std::memcpy(&address, octets, sizeof address);
  return address;
}

/// ::ffff:a.b.c.d (RFC 4291 2.5.5.2): an IPv4 address among IPv6 ones. Never on the wire.
inline Address6 mapped_address6(rte_be32_t address) {
  const uint32_t halves[2] = {RTE_BE32(0xFFFF), address};
  Address6 mapped;
  std::memcpy(&mapped.last, halves, sizeof mapped.last);
  return mapped;
}

inline bool is_unspecified(const Address6& address) {
  return (address.first | address.last) == 0;
}
inline bool is_multicast(const Address6& address) {  // RFC 4291 2.7: ff00::/8
  uint8_t octet;
  std::memcpy(&octet, &address.first, 1);
  return octet == 0xFF;
}
/// What nearly every sender's address looks like: neither a group's nor one that begins with eight octets of
/// 0, among which are all that no sender may have.
inline bool is_ordinary_unicast(const Address6& address) {
  return address.first != 0 && !is_multicast(address);
}
/// Loopback, and IPv4 addresses in IPv6 form (RFC 4291 2.5.3 and 2.5.5): no packet has them.
inline bool is_host_internal(const Address6& address) {
  if (address.first != 0) return false;
  uint32_t upper;  // of the last eight octets
  std::memcpy(&upper, &address.last, sizeof upper);
  return address.last == RTE_BE64(1) || upper == RTE_BE32(0xFFFF);
}

}  // namespace turnout
