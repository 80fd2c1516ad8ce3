// TCP, UDP and SCTP headers, the same over IPv4 and IPv6.
#pragma once

#include <algorithm>

#include <netinet/in.h>
#include <rte_icmp.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "dataplane/packet_fields.h"

namespace turnout::packet_detail {

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

/// `goes_on`: in later fragments.
inline PacketClass parse_udp(const uint8_t* data, uint32_t ip_payload, bool goes_on, PacketFields& fields) {
  if (ip_payload < sizeof(rte_udp_hdr)) return drop(fields, DropReason::bad_transport_header);
  const auto& udp = header_at<rte_udp_hdr>(data);
  const uint32_t length = from_be16(udp.dgram_len);
  if (length < sizeof(rte_udp_hdr) || (length > ip_payload && !goes_on))
    return drop(fields, DropReason::bad_transport_header);
  fields.client_port = udp.src_port;
  fields.destination_port = udp.dst_port;
  fields.event = PacketEvent::datagram;
  return PacketClass::flow;
}

// RFC 9260 3: ports, verification tag and checksum, then chunks of a type, flags and a length in octets.
inline constexpr uint32_t kSctpHeader = 12;
inline constexpr uint32_t kSctpChunk = 4;
inline constexpr unsigned kMostSctpChunks =
    8;  // that are looked at: what ends an association comes among the first

namespace sctp_chunk {
inline constexpr uint8_t kInit = 1, kAbort = 6, kShutdown = 7, kShutdownAck = 8, kShutdownComplete = 14;
}

inline PacketEvent event_of_sctp_chunk(uint8_t type) {
  switch (type) {
    case sctp_chunk::kAbort:
      return PacketEvent::rst;
    case sctp_chunk::kInit:
      return PacketEvent::syn;
    case sctp_chunk::kShutdown:
    case sctp_chunk::kShutdownAck:
    case sctp_chunk::kShutdownComplete:
      return PacketEvent::fin;
    default:
      return PacketEvent::ack;
  }
}

/// What the client's chunks say of the association, the strongest first: ABORT, INIT, SHUTDOWN. A SHUTDOWN
/// may stand behind a SACK, an ABORT behind another chunk (RFC 9260 6.10), so that the first alone does not
/// tell. `reach`: bytes that may be read, the header and a chunk's at least.
inline PacketEvent event_of_sctp(const uint8_t* data, uint32_t reach) {
  PacketEvent event = PacketEvent::ack;
  uint32_t at = kSctpHeader;
  for (unsigned i = 0; i < kMostSctpChunks && reach - at >= kSctpChunk; ++i) {
    event = std::max(event, event_of_sctp_chunk(data[at]));
    const uint32_t length = uint32_t{data[at + 2]} << 8 | data[at + 3];
    const uint32_t padded = (length + 3) & ~uint32_t{3};
    if (length < kSctpChunk || padded > reach - at) break;
    at += padded;
  }
  return event;
}

/// `reach`: bytes of the packet that may be read.
inline PacketClass parse_sctp(const uint8_t* data, uint32_t ip_payload, uint32_t reach,
                              PacketFields& fields) {
  if (ip_payload < kSctpHeader + kSctpChunk) return drop(fields, DropReason::bad_transport_header);
  std::memcpy(&fields.client_port, data, sizeof fields.client_port);
  std::memcpy(&fields.destination_port, data + sizeof fields.client_port, sizeof fields.destination_port);
  fields.event = event_of_sctp(data, std::min(ip_payload, reach));
  return PacketClass::flow;
}

/// The smallest header of a transport that has to be in reach before it is read.
inline uint32_t transport_minimum(uint8_t protocol) {
  if (protocol == IPPROTO_TCP) return sizeof(rte_tcp_hdr);
  if (protocol == IPPROTO_SCTP) return kSctpHeader + kSctpChunk;
  static_assert(sizeof(rte_udp_hdr) == sizeof(rte_icmp_hdr));
  const bool short_header = protocol == IPPROTO_UDP || protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
  return short_header ? sizeof(rte_udp_hdr) : 0;
}

/// The flow that an ICMP error is about, from the transport header it quotes: a reply's, so turned round. RFC
/// 792 and RFC 4443 make it eight octets at least; the ports are in the first four.
inline bool quote_ports(const uint8_t* quoted, uint32_t bytes, uint8_t protocol, PacketFields& fields) {
  constexpr uint32_t kPorts = 4;
  if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP && protocol != IPPROTO_SCTP) return false;
  if (bytes < kPorts) return false;
  std::memcpy(&fields.destination_port, quoted, sizeof fields.destination_port);
  std::memcpy(&fields.client_port, quoted + sizeof fields.destination_port, sizeof fields.client_port);
  fields.protocol = protocol;
  fields.event = PacketEvent::icmp_error;
  return true;
}

}  // namespace turnout::packet_detail
