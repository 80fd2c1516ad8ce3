// Addresses as the control thread handles them: parsed, printed, compared. The dataplane sees only bytes.
#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <rte_ether.h>

namespace turnout {

using IpAddress = boost::asio::ip::address;

/// An address in dotted or colon form; nothing else (no host names, no prefix, no zone).
std::optional<IpAddress> parse_address(std::string_view text);

/// IPv4 address in network byte order, as it stands in a packet. The address must be IPv4.
rte_be32_t to_be32(const IpAddress& address);
IpAddress from_be32(rte_be32_t address);

/// IPv6 address as it stands in a packet. The address must be IPv6.
using Ipv6Octets = std::array<uint8_t, 16>;
Ipv6Octets to_octets16(const IpAddress& address);
IpAddress from_octets16(std::span<const uint8_t, 16> octets);

/// A host's address on a subnet, as in "192.0.2.2/24": host bits are kept.
struct InterfaceAddress {
  IpAddress address;
  uint8_t prefix_length = 0;

  bool contains(const IpAddress& other) const;  ///< is `other` in this subnet?
  std::string to_string() const;
  bool operator==(const InterfaceAddress&) const = default;
};
std::optional<InterfaceAddress> parse_interface_address(std::string_view text);

/// Six octets in the order they are sent (IEEE 802.3).
struct MacAddress {
  rte_ether_addr octets{};

  bool is_unicast() const;        ///< neither group bit nor all zero
  std::string to_string() const;  ///< "02:00:00:00:00:12"
  uint64_t to_number() const;     ///< the six octets, the first one highest
  friend bool operator==(const MacAddress& a, const MacAddress& b) {
    return rte_is_same_ether_addr(&a.octets, &b.octets) != 0;
  }
};
std::optional<MacAddress> parse_mac(std::string_view text);

}  // namespace turnout
