// What nearly every packet is: untagged and for this port, IPv4 without options or IPv6 without extension
// headers, not a fragment, with a TCP or UDP header that can be. Told by a few loads and branches; what is
// none, parse_closely() finds out (packet.h).
#pragma once

#include <cstring>

#include <rte_ether.h>

#include "dataplane/mac.h"
#include "dataplane/packet_ipv4.h"
#include "dataplane/packet_ipv6.h"
#include "dataplane/snapshot.h"

namespace turnout {

namespace packet_detail {

template <typename Number>
inline Number load(const uint8_t* data) {
  Number number;
  std::memcpy(&number, data, sizeof number);
  return number;
}

inline constexpr uint32_t kEthernet = sizeof(rte_ether_hdr);

/// The smallest header of TCP or UDP at the beginning of `payload` bytes.
[[gnu::always_inline]] inline bool is_plain_transport(const uint8_t* data, uint8_t protocol, uint32_t payload,
                                                      PacketFields& fields) {
  if (protocol == IPPROTO_TCP) {
    const auto& tcp = header_at<rte_tcp_hdr>(data);
    const uint32_t header = tcp.data_off / 16u * 4u;
    fields.event = event_of_tcp_flags(tcp.tcp_flags);
    return header >= sizeof(rte_tcp_hdr) && header <= payload;
  }
  const uint32_t length = from_be16(header_at<rte_udp_hdr>(data).dgram_len);
  fields.event = PacketEvent::datagram;
  return protocol == IPPROTO_UDP && length >= sizeof(rte_udp_hdr) && length <= payload;
}

/// From an IPv4 header without options and the ports behind it to the sixteen bytes that PacketFields begin
/// with: what has to be moved stands side by side.
[[gnu::always_inline]] inline void copy_ends(const uint8_t* ip, PacketFields& fields) {
  using Octets [[gnu::vector_size(16)]] = uint8_t;
  static_assert(offsetof(rte_ipv4_hdr, next_proto_id) == 9 && offsetof(rte_ipv4_hdr, src_addr) == 12);
  const auto from =
      load<Octets>(ip + 8);  // time to live, protocol 1, checksum 2, source 4, destination 8, ports 12, 14
  const Octets none{};
  const Octets to =
      __builtin_shufflevector(from, none, 4, 5, 6, 7, 12, 13, 16, 16, 8, 9, 10, 11, 14, 15, 1, 16);
  std::memcpy(static_cast<void*>(&fields), &to, sizeof to);
}

/// The same of IPv6, whose addresses go elsewhere.
[[gnu::always_inline]] inline void copy_ends6(const uint8_t* ip, PacketFields& fields) {
  using Octets [[gnu::vector_size(16)]] = uint8_t;
  static_assert(offsetof(rte_ipv6_hdr, proto) == 6);
  auto from = load<Octets>(ip + kIpv6Header);  // ports 0 and 2
  from[4] = ip[6];
  const Octets none{};
  const Octets to =
      __builtin_shufflevector(from, none, 16, 16, 16, 16, 0, 1, 16, 16, 16, 16, 16, 16, 2, 3, 4, 16);
  std::memcpy(static_cast<void*>(&fields), &to, sizeof to);
}

[[gnu::always_inline]] inline bool parse_plain_ipv4(Frame frame, PacketFields& fields) {
  constexpr uint32_t kHeader = sizeof(rte_ipv4_hdr);
  const uint8_t* ip = frame.data + kEthernet;
  const auto& header = header_at<rte_ipv4_hdr>(ip);
  const uint32_t total = from_be16(header.total_length);
  const bool plain = (header.fragment_offset & RTE_BE16(kIpv4Fragment)) == 0 &&
                     !is_martian(header.src_addr) && total >= kHeader && total + kEthernet <= frame.length;
  if (!plain) return false;
  copy_ends(ip, fields);
  fields.ip_bytes = static_cast<uint16_t>(total);
  fields.kind = PacketClass::flow;
  fields.version = 4;
  fields.ip_at = kEthernet;
  return is_plain_transport(ip + kHeader, header.next_proto_id, total - kHeader, fields);
}

[[gnu::always_inline]] inline bool parse_plain_ipv6(Frame frame, PacketFields& fields) {
  if (frame.contiguous < kEthernet + kIpv6Header + sizeof(rte_tcp_hdr)) return false;
  const uint8_t* ip = frame.data + kEthernet;
  const auto& header = header_at<rte_ipv6_hdr>(ip);
  const uint32_t payload = from_be16(header.payload_len);
  const Address6 client = load_address6(header.src_addr);
  const bool plain = is_ordinary_unicast(client) && kEthernet + kIpv6Header + payload <= frame.length &&
                     kIpv6Header + payload <= UINT16_MAX;
  if (!plain) return false;
  copy_ends6(ip, fields);
  fields.client6 = client;
  fields.destination6 = load_address6(header.dst_addr);
  fields.ip_bytes = static_cast<uint16_t>(kIpv6Header + payload);
  fields.kind = PacketClass::flow6;
  fields.version = 6;
  fields.ip_at = kEthernet;
  return is_plain_transport(ip + kIpv6Header, header.proto, payload, fields);
}

}  // namespace packet_detail

enum class PlainPacket : uint8_t { ipv4, ipv6, no };

/// What the first sixteen octets of a plain frame for a port are: its MAC address, and the type and first
/// octet of IPv4 without options, or the type and version of IPv6. Made once for each burst.
class PlainFrames {
 public:
  explicit PlainFrames(const Port& port)
      : mac_(port.mac),
        mac_mask_(port.mac_mask & kMacMask),
        shortest_(port.vlan == 0 ? kShortest : UINT32_MAX) {}

  PlainPacket family_of(Frame frame) const {
    if (frame.contiguous < shortest_) return PlainPacket::no;
    const uint64_t other_mac = (packet_detail::load<uint64_t>(frame.data) & mac_mask_) ^ mac_;
    const auto type = packet_detail::load<uint64_t>(frame.data + sizeof(uint64_t));
    if ((other_mac | ((type & kIpv4Mask) ^ kIpv4)) == 0) [[likely]]
      return PlainPacket::ipv4;
    return (other_mac | ((type & kIpv6Mask) ^ kIpv6)) == 0 ? PlainPacket::ipv6 : PlainPacket::no;
  }

 private:
  static constexpr uint32_t kShortest = sizeof(rte_ether_hdr) + sizeof(rte_ipv4_hdr) + sizeof(rte_tcp_hdr);
  // Octets 8 to 15, the first in the lowest byte: four of the source MAC address, two of the type, two of IP.
  static constexpr uint64_t kIpv4 = uint64_t{0x45'0008} << 32, kIpv4Mask = uint64_t{0xFF'FFFF} << 32;
  static constexpr uint64_t kIpv6 = uint64_t{0x60'DD86} << 32, kIpv6Mask = uint64_t{0xF0'FFFF} << 32;

  uint64_t mac_;
  uint64_t mac_mask_;
  uint32_t shortest_;
};

/// Reads a plain packet's fields. `no`: it is none, or takes a closer look (parse_closely), and `fields` mean
/// nothing.
[[gnu::always_inline]] inline PlainPacket parse_plain(Frame frame, const PlainFrames& frames,
                                                      PacketFields& fields) {
  const PlainPacket family = frames.family_of(frame);
  if (family == PlainPacket::ipv4) [[likely]]
    return packet_detail::parse_plain_ipv4(frame, fields) ? family : PlainPacket::no;
  if (family == PlainPacket::ipv6)
    return packet_detail::parse_plain_ipv6(frame, fields) ? family : PlainPacket::no;
  return PlainPacket::no;
}

}  // namespace turnout
