// IPv6 and ICMPv6 headers (RFC 8200, RFC 4443).
#pragma once

#include <algorithm>

#include <rte_ip.h>

#include "dataplane/packet_transport.h"

namespace turnout::packet_detail {

inline constexpr unsigned kMaxExtensions = 8;  // headers that are looked through: no honest packet has more
inline constexpr uint32_t kIpv6Header = sizeof(rte_ipv6_hdr);

namespace icmp6_type {  // RFC 4443, RFC 4861, RFC 3810
inline constexpr uint8_t kLastUsedError = 4, kEchoRequest = 128, kMldQuery = 130, kSolicitation = 135,
                         kAdvertisement = 136;
}

/// A walk along the chain of extension headers.
struct ExtensionWalk {
  const uint8_t* packet;  // the IPv6 header
  uint32_t reach;         // bytes that may be read there
  uint32_t end;           // of the packet, by its own words
  uint32_t at = kIpv6Header;
  uint8_t next = 0;  // what stands at `at`
};

inline bool is_extension(uint8_t header) {
  return header == IPPROTO_HOPOPTS || header == IPPROTO_ROUTING || header == IPPROTO_FRAGMENT ||
         header == IPPROTO_DSTOPTS || header == IPPROTO_AH;
}

enum class Walked : uint8_t { transport, first_fragment, later_fragment, refused };

inline Walked refuse(PacketFields& fields, DropReason reason) {
  fields.drop = reason;
  return Walked::refused;
}

/// Goes on to the header that isn't an extension, or to the fragment header of a later fragment.
inline Walked walk_extensions(ExtensionWalk& walk, PacketFields& fields) {
  constexpr uint32_t kShortest = 8, kUnit = 8, kAuthenticationUnit = 4;
  Walked walked = Walked::transport;
  for (unsigned count = 0; is_extension(walk.next); ++count) {
    if (count == kMaxExtensions) return refuse(fields, DropReason::extension_headers);
    if (walk.at + kShortest > walk.end) return refuse(fields, DropReason::bad_ip_header);
    if (walk.at + kShortest > walk.reach) return refuse(fields, DropReason::truncated);
    const uint8_t* header = walk.packet + walk.at;
    uint32_t length = (header[1] + 1u) * kUnit;
    if (walk.next == IPPROTO_AH) length = (header[1] + 2u) * kAuthenticationUnit;
    if (walk.next == IPPROTO_ROUTING && header[3] != 0)  // segments left: this is not where it ends
      return refuse(fields, DropReason::extension_headers);
    if (walk.next == IPPROTO_FRAGMENT) {
      length = kShortest;
      uint16_t offset_and_more;
      std::memcpy(&offset_and_more, header + 2, sizeof offset_and_more);
      std::memcpy(&fields.fragment_id, header + 4, sizeof fields.fragment_id);
      fields.protocol = header[0];
      if ((offset_and_more & RTE_BE16(0xFFF8)) != 0) return Walked::later_fragment;
      // With neither offset nor more to come it is whole all the same (RFC 6946).
      if ((offset_and_more & RTE_BE16(1)) != 0) walked = Walked::first_fragment;
    }
    if (walk.at + length > walk.end) return refuse(fields, DropReason::bad_ip_header);
    walk.next = header[0];
    walk.at += length;
  }
  return walked;
}

/// An error about a packet that the VIP sent: its flow. icmp_other if it quotes none.
inline PacketClass parse_icmp6_error(const uint8_t* quoted, uint32_t bytes, PacketFields& fields) {
  if (bytes < kIpv6Header) return PacketClass::icmp_other;
  const auto& ip = header_at<rte_ipv6_hdr>(quoted);
  const Address6 client = load_address6(ip.dst_addr);
  const bool is_host = !is_multicast(client) && !is_host_internal(client) && !is_unspecified(client);
  if (quoted[0] >> 4 != 6 || load_address6(ip.src_addr) != fields.destination6 || !is_host)
    return PacketClass::icmp_other;
  PacketFields inner;
  ExtensionWalk walk{quoted, bytes, bytes, kIpv6Header, ip.proto};
  const Walked walked = walk_extensions(walk, inner);
  if (walked != Walked::transport && walked != Walked::first_fragment) return PacketClass::icmp_other;
  if (!quote_ports(quoted + walk.at, bytes - walk.at, walk.next, fields)) return PacketClass::icmp_other;
  fields.client6 = client;
  return PacketClass::flow;
}

/// Neighbour discovery counts only from a neighbour: its hop limit was never counted down (RFC 4861 7.1). MLD
/// queries have one of 1 (RFC 3810 5.1).
inline bool is_neighbor_message(uint8_t type, uint8_t hop_limit) {
  using namespace icmp6_type;
  if (type == kMldQuery) return hop_limit == 1;
  return (type == kSolicitation || type == kAdvertisement) && hop_limit == 255;
}

inline PacketClass parse_icmp6(const uint8_t* data, uint32_t ip_payload, uint32_t reach, uint8_t hop_limit,
                               bool goes_on, PacketFields& fields) {
  constexpr uint32_t kHeader = 8;
  if (ip_payload < kHeader) return drop(fields, DropReason::bad_transport_header);
  if (goes_on) return drop(fields, DropReason::fragment);
  const uint8_t type = data[0];
  fields.icmp_type = type;
  fields.event = PacketEvent::datagram;
  if (is_neighbor_message(type, hop_limit)) return PacketClass::ndp;
  if (type == icmp6_type::kEchoRequest) return PacketClass::icmp_echo;
  if (type == 0 || type > icmp6_type::kLastUsedError) return PacketClass::icmp_other;
  fields.event = PacketEvent::icmp_error;
  return parse_icmp6_error(data + kHeader, std::min(ip_payload, reach) - kHeader, fields);
}

/// `goes_on`: in later fragments.
inline PacketClass parse_transport6(Frame frame, uint32_t start, const ExtensionWalk& walk, uint8_t hop_limit,
                                    bool goes_on, PacketFields& fields) {
  const uint32_t payload = walk.end - walk.at;
  const uint32_t minimum = transport_minimum(walk.next);
  if (payload >= minimum && frame.contiguous < start + walk.at + minimum)
    return drop(fields, DropReason::truncated);
  const uint8_t* transport = walk.packet + walk.at;
  switch (walk.next) {
    case IPPROTO_TCP:
      return parse_tcp(transport, payload, fields);
    case IPPROTO_UDP:
      return parse_udp(transport, payload, goes_on, fields);
    case IPPROTO_SCTP:
      return parse_sctp(transport, payload, frame.contiguous - start - walk.at, fields);
    case IPPROTO_ICMPV6:
      return parse_icmp6(transport, payload, frame.contiguous - start - walk.at, hop_limit, goes_on, fields);
    default:
      return PacketClass::ip_other;
  }
}

inline PacketClass parse_ipv6(Frame frame, uint32_t start, PacketFields& fields) {
  if (frame.contiguous < start + kIpv6Header) return drop(fields, DropReason::truncated);
  const uint8_t* packet = frame.data + start;
  const auto& ip = header_at<rte_ipv6_hdr>(packet);
  if (packet[0] >> 4 != 6) return drop(fields, DropReason::bad_ip_header);
  const uint32_t total = kIpv6Header + from_be16(ip.payload_len);
  if (total > frame.length - start) return drop(fields, DropReason::truncated);
  if (total > UINT16_MAX) return drop(fields, DropReason::too_big);  // by up to 40 octets; no port takes it

  fields.client = 0;
  fields.client6 = load_address6(ip.src_addr);
  fields.destination6 = load_address6(ip.dst_addr);
  fields.ip_bytes = static_cast<uint16_t>(total);
  fields.protocol = ip.proto;
  fields.version = 6;
  fields.ip_at = static_cast<uint8_t>(start);
  if (is_multicast(fields.client6) || is_host_internal(fields.client6))
    return drop(fields, DropReason::martian_source);
  // Only who asks whether an address is free has none itself (RFC 4862 5.4.2).
  const bool from_nobody = is_unspecified(fields.client6);

  ExtensionWalk walk{packet, frame.contiguous - start, total, kIpv6Header, ip.proto};
  bool goes_on = false;
  if (is_extension(ip.proto)) [[unlikely]] {
    const Walked walked = walk_extensions(walk, fields);
    if (walked == Walked::refused) return PacketClass::dropped;
    if (walked == Walked::later_fragment && !from_nobody) return PacketClass::later_fragment;
    if (walked == Walked::later_fragment) return drop(fields, DropReason::martian_source);
    fields.protocol = walk.next;
    goes_on = walked == Walked::first_fragment;
  }
  const PacketClass kind = parse_transport6(frame, start, walk, ip.hop_limits, goes_on, fields);
  if (from_nobody && kind != PacketClass::ndp) return drop(fields, DropReason::martian_source);
  if (kind != PacketClass::flow) return kind;
  return goes_on ? PacketClass::first_fragment : PacketClass::flow6;
}

}  // namespace turnout::packet_detail
