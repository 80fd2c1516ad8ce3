// IP packets of both families in Ethernet frames, in and out of bytes: what the protocols above them share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include <rte_ether.h>

#include "control/address.h"

namespace turnout {

inline constexpr size_t kEthernetLength = sizeof(rte_ether_hdr);
inline constexpr size_t kShortestOnWire =
    RTE_ETHER_MIN_LEN - RTE_ETHER_CRC_LEN;  // without FCS, as it is sent

/// False if it isn't there in whole.
template <typename Header>
bool read_header(std::span<const uint8_t> bytes, Header& header) {
  if (bytes.size() < sizeof header) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  return true;
}

/// A whole IP packet with a sound header. The spans are views into the frame it was parsed from.
struct IpFrame {
  MacAddress source_mac;
  MacAddress destination_mac;
  IpAddress source;
  IpAddress destination;
  uint8_t hop_limit = 0;             // IPv4: time to live
  bool dont_fragment = false;        // IPv6: always
  bool has_fragment_header = false;  // IPv6 only
  bool has_more_fragments = false;
  size_t fragment_offset = 0;        // bytes
  uint8_t protocol = 0;              // of `content`
  size_t protocol_at = 0;            // where the packet says so, in bytes from its start
  std::span<const uint8_t> packet;   // from the IP header on, without the frame's padding
  std::span<const uint8_t> content;  // what follows IP's headers and options

  bool is_fragment() const { return has_more_fragments || fragment_offset != 0; }
  bool has_extension_headers() const;  ///< IPv6 only
};

/// Nothing if the frame is not IP, truncated, or has a header that's malformed or (IPv4) fails its checksum,
/// or an option that says to discard the packet: a source route (RFC 7126 4.3 and 4.4), or one of IPv6 that
/// says so to those who don't know it (RFC 8200 4.2). `content` is what follows IPv6's hop-by-hop options,
/// destination options and fragment header, of which there may be eight; other extension headers are content.
/// VLAN-tagged frames are not looked into.
std::optional<IpFrame> parse_ip_frame(std::span<const uint8_t> frame);

/// Not: 0/8, 127/8, 224/4, 240/4; ::, ::1, ff00::/8, IPv4-mapped (RFC 6890).
bool can_be_a_host(const IpAddress& address);

/// No group and no impossible address, MAC or IP.
bool is_between_hosts(const IpFrame& frame);

/// RFC 1071. What belongs to the field if it's zero in `bytes`; zero if it's there and right.
uint16_t internet_checksum(std::span<const uint8_t> bytes);

/// The same with the pseudo-header before it (RFC 9293 3.1, RFC 8200 8.1).
uint16_t transport_checksum(const IpAddress& source, const IpAddress& destination, uint8_t protocol,
                            std::span<const uint8_t> content);

/// Who an IP packet is from and to. Addresses of one family.
struct IpRoute {
  MacAddress from_mac;
  MacAddress to_mac;
  IpAddress source;
  IpAddress destination;
  uint8_t hop_limit = 64;
  uint8_t traffic_class = 0;  // IPv4: type of service
};

/// A packet that isn't to be fragmented, of flow label 0, padded to Ethernet's minimum of
/// 60 bytes.
std::vector<uint8_t> make_ip_frame(const IpRoute& route, uint8_t protocol, std::span<const uint8_t> content);

/// Appends the octets of a header.
template <typename Header>
void append(std::vector<uint8_t>& bytes, const Header& header) {
  static_assert(std::is_trivially_copyable_v<Header>);
  const size_t at = bytes.size();
  bytes.resize(at + sizeof header);
  std::memcpy(bytes.data() + at, &header, sizeof header);
}

/// Writes the checksum of an ICMPv6 message (RFC 4443 2.3), where there is a zero before.
void put_icmp6_checksum(std::vector<uint8_t>& message, const IpAddress& source, const IpAddress& destination);

}  // namespace turnout
