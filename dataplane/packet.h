// Headers → the fields that decide a packet's way. Pure: bytes in, fields and a class out.
#pragma once

#include <cstdint>
#include <cstring>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "dataplane/connection.h"
#include "dataplane/mac.h"
#include "dataplane/snapshot.h"
#include "dataplane/verdict.h"

namespace turnout {

/// What kind of packet it is, before anybody asked whether it is for us.
enum class PacketClass : uint8_t {
  flow,        // TCP or UDP over IPv4: all fields are set
  icmp_echo,   // an echo request over IPv4: `destination` is set
  icmp_other,  // other ICMP over IPv4: `destination` is set
  ip_other,    // another protocol over IPv4: `destination` is set
  arp,
  dropped  // `drop` says why
};

/// Addresses and ports in network byte order, as they stand in the packet.
struct PacketFields {
  rte_be32_t client = 0;
  rte_be32_t destination = 0;
  rte_be16_t client_port = 0;
  rte_be16_t destination_port = 0;
  uint16_t ip_bytes = 0;  // total length, host byte order
  uint8_t protocol = 0;
  PacketEvent event = PacketEvent::datagram;
  DropReason drop = DropReason::truncated;
};

/// A frame as it lies in memory.
struct Frame {
  const uint8_t* data;
  uint32_t contiguous;  // bytes that may be read at `data`
  uint32_t length;      // of the whole frame, without FCS; more than `contiguous` if it goes on elsewhere
};

namespace packet_detail {

template <typename Header>
const Header& header_at(const uint8_t* data) {  // DPDK's headers are packed: any address will do
  return *reinterpret_cast<const Header*>(data);
}

/// As rte_be_to_cpu_16, whose inline assembly keeps the compiler from folding it into what surrounds it.
inline uint16_t from_be16(rte_be16_t value) {
  return RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN ? __builtin_bswap16(value) : value;
}

inline PacketClass drop(PacketFields& fields, DropReason reason) {
  fields.drop = reason;
  return PacketClass::dropped;
}

/// RFC 1812 5.3.7: 0/8, loopback, multicast, reserved and broadcast are no one's source.
inline bool is_martian(rte_be32_t source) {
  uint8_t first;  // octet
  std::memcpy(&first, &source, 1);
  return first == 0 || first == 127 || first >= 224;
}

inline PacketClass parse_tcp(const uint8_t* data, uint32_t ip_payload, PacketFields& fields) {
  if (ip_payload < sizeof(rte_tcp_hdr)) return drop(fields, DropReason::bad_transport_header);
  const auto& tcp = header_at<rte_tcp_hdr>(data);
  const uint32_t header = (tcp.data_off >> 4) * 4u;
  if (header < sizeof(rte_tcp_hdr) || header > ip_payload)
    return drop(fields, DropReason::bad_transport_header);
  fields.client_port = tcp.src_port;
  fields.destination_port = tcp.dst_port;
  fields.event = event_of_tcp_flags(tcp.tcp_flags);
  return PacketClass::flow;
}

inline PacketClass parse_udp(const uint8_t* data, uint32_t ip_payload, PacketFields& fields) {
  if (ip_payload < sizeof(rte_udp_hdr)) return drop(fields, DropReason::bad_transport_header);
  const auto& udp = header_at<rte_udp_hdr>(data);
  const uint32_t length = from_be16(udp.dgram_len);
  if (length < sizeof(rte_udp_hdr) || length > ip_payload)
    return drop(fields, DropReason::bad_transport_header);
  fields.client_port = udp.src_port;
  fields.destination_port = udp.dst_port;
  fields.event = PacketEvent::datagram;
  return PacketClass::flow;
}

inline PacketClass parse_icmp(const uint8_t* data, uint32_t ip_payload, PacketFields& fields) {
  if (ip_payload < sizeof(rte_icmp_hdr)) return drop(fields, DropReason::bad_transport_header);
  const bool echo = header_at<rte_icmp_hdr>(data).icmp_type == RTE_IP_ICMP_ECHO_REQUEST;
  return echo ? PacketClass::icmp_echo : PacketClass::icmp_other;
}

/// The smallest header of a transport that has to be in reach before it is read.
inline uint32_t transport_minimum(uint8_t protocol) {
  if (protocol == IPPROTO_TCP) return sizeof(rte_tcp_hdr);
  return protocol == IPPROTO_UDP || protocol == IPPROTO_ICMP ? sizeof(rte_udp_hdr) : 0;
}

/// What is left once the header's length is known. Inlined, so that with the common length the compiler does
/// the sums.
[[gnu::always_inline]] inline PacketClass parse_after_ihl(const Frame& frame, const rte_ipv4_hdr& ip,
                                                          uint32_t header, PacketFields& fields) {
  constexpr uint32_t kStart = sizeof(rte_ether_hdr);
  const uint32_t total = from_be16(ip.total_length);
  if (total < header) return drop(fields, DropReason::bad_ip_header);
  if (total > frame.length - kStart) return drop(fields, DropReason::truncated);
  if (is_martian(ip.src_addr)) return drop(fields, DropReason::martian_source);

  fields.client = ip.src_addr;
  fields.destination = ip.dst_addr;
  fields.ip_bytes = static_cast<uint16_t>(total);
  fields.protocol = ip.next_proto_id;
  constexpr uint16_t kFragment = RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK;
  if (ip.fragment_offset & RTE_BE16(kFragment)) return drop(fields, DropReason::fragment);

  const uint32_t payload = total - header;
  const uint32_t minimum = transport_minimum(fields.protocol);
  if (payload >= minimum && frame.contiguous < kStart + header + minimum)
    return drop(fields, DropReason::truncated);
  const uint8_t* transport = frame.data + kStart + header;
  switch (fields.protocol) {
    case IPPROTO_TCP:
      return parse_tcp(transport, payload, fields);
    case IPPROTO_UDP:
      return parse_udp(transport, payload, fields);
    case IPPROTO_ICMP:
      return parse_icmp(transport, payload, fields);
    default:
      return PacketClass::ip_other;
  }
}

inline PacketClass parse_ipv4(const Frame& frame, PacketFields& fields) {
  constexpr uint32_t kStart = sizeof(rte_ether_hdr);
  constexpr uint8_t kPlain = RTE_IPV4_VHL_DEF;  // version 4, five words: no options
  if (frame.contiguous < kStart + sizeof(rte_ipv4_hdr)) return drop(fields, DropReason::truncated);
  const auto& ip = header_at<rte_ipv4_hdr>(frame.data + kStart);
  if (ip.version_ihl == kPlain) [[likely]]
    return parse_after_ihl(frame, ip, sizeof(rte_ipv4_hdr), fields);
  const uint32_t header = (ip.version_ihl & RTE_IPV4_HDR_IHL_MASK) * RTE_IPV4_IHL_MULTIPLIER;
  if (ip.version_ihl >> 4 != 4 || header < sizeof(rte_ipv4_hdr))
    return drop(fields, DropReason::bad_ip_header);
  return parse_after_ihl(frame, ip, header, fields);
}

}  // namespace packet_detail

/// Classifies a frame that arrived on a port and reads what the dataplane needs of it. Reads nothing past
/// `frame.contiguous`.
inline PacketClass parse_packet(const Frame& frame, const Port& port, PacketFields& fields) {
  using namespace packet_detail;
  if (frame.contiguous < sizeof(rte_ether_hdr)) return drop(fields, DropReason::truncated);
  const auto& ethernet = header_at<rte_ether_hdr>(frame.data);
  const uint64_t destination = load_mac(frame.data);
  if ((destination & port.mac_mask) != port.mac) [[unlikely]] {
    const bool arp_for_all = destination == kMacMask && ethernet.ether_type == RTE_BE16(RTE_ETHER_TYPE_ARP);
    return arp_for_all ? PacketClass::arp : drop(fields, DropReason::not_our_mac);
  }
  if (ethernet.ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4)) return parse_ipv4(frame, fields);
  if (ethernet.ether_type == RTE_BE16(RTE_ETHER_TYPE_ARP)) return PacketClass::arp;
  return drop(fields, DropReason::unknown_ethertype);
}

}  // namespace turnout
