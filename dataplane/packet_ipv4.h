// IPv4 and ICMP headers (RFC 791, RFC 792).
#pragma once

#include <algorithm>
#include <array>

#include <rte_icmp.h>
#include <rte_ip.h>

#include "dataplane/packet_transport.h"

namespace turnout::packet_detail {

inline constexpr uint16_t kIpv4Fragment = RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK;

/// RFC 1812 5.3.7: 0/8, loopback, multicast, reserved and broadcast are no one's source.
constexpr std::array<bool, 256> find_martian_octets() {
  std::array<bool, 256> martian{};
  for (size_t first = 224; first < 256; ++first) martian[first] = true;
  martian[0] = martian[127] = true;
  return martian;
}
inline constexpr std::array<bool, 256> kMartianOctets = find_martian_octets();  // the first of an address
inline bool is_martian(rte_be32_t source) {
  return kMartianOctets[source & 0xFF];
}

/// RFC 792's errors but for source quench, which nobody may act on (RFC 6633), and redirects, which are for
/// routers' neighbours.
inline bool is_icmp_error(uint8_t type) {
  constexpr uint8_t kUnreachable = 3, kTimeExceeded = 11, kParameterProblem = 12;
  return type == kUnreachable || type == kTimeExceeded || type == kParameterProblem;
}

/// An error about a packet that the VIP sent: its flow. icmp_other if it quotes none.
inline PacketClass parse_icmp_error(const uint8_t* quoted, uint32_t bytes, PacketFields& fields) {
  if (bytes < sizeof(rte_ipv4_hdr)) return PacketClass::icmp_other;
  const auto& ip = header_at<rte_ipv4_hdr>(quoted);
  const uint32_t header = (ip.version_ihl & RTE_IPV4_HDR_IHL_MASK) * RTE_IPV4_IHL_MULTIPLIER;
  if (ip.version_ihl >> 4 != 4 || header < sizeof(rte_ipv4_hdr) || header > bytes)
    return PacketClass::icmp_other;
  const bool has_ports = (ip.fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK)) == 0;
  if (!has_ports || ip.src_addr != fields.destination || is_martian(ip.dst_addr))
    return PacketClass::icmp_other;
  if (!quote_ports(quoted + header, bytes - header, ip.next_proto_id, fields)) return PacketClass::icmp_other;
  fields.client = ip.dst_addr;
  return PacketClass::flow;
}

/// `reach`: bytes of the message that may be read.
inline PacketClass parse_icmp(const uint8_t* data, uint32_t ip_payload, uint32_t reach, bool goes_on,
                              PacketFields& fields) {
  if (ip_payload < sizeof(rte_icmp_hdr)) return drop(fields, DropReason::bad_transport_header);
  if (goes_on) return drop(fields, DropReason::fragment);
  const uint8_t type = header_at<rte_icmp_hdr>(data).icmp_type;
  fields.icmp_type = type;
  fields.event = PacketEvent::datagram;
  if (type == RTE_IP_ICMP_ECHO_REQUEST) return PacketClass::icmp_echo;
  if (!is_icmp_error(type)) return PacketClass::icmp_other;
  fields.event = PacketEvent::icmp_error;
  constexpr uint32_t kHeader = sizeof(rte_icmp_hdr);
  return parse_icmp_error(data + kHeader, std::min(ip_payload, reach) - kHeader, fields);
}

/// `goes_on`: in later fragments.
inline PacketClass parse_transport(Frame frame, uint32_t at, uint32_t payload, bool goes_on,
                                   PacketFields& fields) {
  const uint32_t minimum = transport_minimum(fields.protocol);
  if (payload >= minimum && frame.contiguous < at + minimum) return drop(fields, DropReason::truncated);
  const uint8_t* transport = frame.data + at;
  switch (fields.protocol) {
    case IPPROTO_TCP:
      return parse_tcp(transport, payload, fields);
    case IPPROTO_UDP:
      return parse_udp(transport, payload, goes_on, fields);
    case IPPROTO_SCTP:
      return parse_sctp(transport, payload, frame.contiguous - at, fields);
    case IPPROTO_ICMP:
      return parse_icmp(transport, payload, frame.contiguous - at, goes_on, fields);
    default:
      return PacketClass::ip_other;
  }
}

inline PacketClass parse_fragment(Frame frame, const rte_ipv4_hdr& ip, uint32_t at, uint32_t payload,
                                  PacketFields& fields) {
  fields.fragment_id = ip.packet_id;
  if ((ip.fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK)) != 0) return PacketClass::later_fragment;
  const PacketClass kind = parse_transport(frame, at, payload, true, fields);
  return kind == PacketClass::flow ? PacketClass::first_fragment : kind;
}

inline PacketClass parse_ipv4(Frame frame, uint32_t start, PacketFields& fields) {
  if (frame.contiguous < start + sizeof(rte_ipv4_hdr)) return drop(fields, DropReason::truncated);
  const auto& ip = header_at<rte_ipv4_hdr>(frame.data + start);
  const uint32_t header = (ip.version_ihl & RTE_IPV4_HDR_IHL_MASK) * RTE_IPV4_IHL_MULTIPLIER;
  if (ip.version_ihl >> 4 != 4 || header < sizeof(rte_ipv4_hdr))
    return drop(fields, DropReason::bad_ip_header);
  const uint32_t total = from_be16(ip.total_length);
  if (total < header) return drop(fields, DropReason::bad_ip_header);
  if (total > frame.length - start) return drop(fields, DropReason::truncated);
  if (is_martian(ip.src_addr)) return drop(fields, DropReason::martian_source);

  fields.client = ip.src_addr;
  fields.destination = ip.dst_addr;
  fields.ip_bytes = static_cast<uint16_t>(total);
  fields.protocol = ip.next_proto_id;
  fields.version = 4;
  fields.ip_at = static_cast<uint8_t>(start);
  if ((ip.fragment_offset & RTE_BE16(kIpv4Fragment)) != 0) [[unlikely]]
    return parse_fragment(frame, ip, start + header, total - header, fields);
  return parse_transport(frame, start + header, total - header, false, fields);
}

}  // namespace turnout::packet_detail
