// Whose packet a frame is, for a capture's filter. More lenient than the forwarder's parser, as it is asked
// about frames that the forwarder refused, and about frames that have another MAC address and tag by now.
#pragma once

#include <optional>

#include <rte_arp.h>

#include "dataplane/packet.h"
#include "dataplane/service_lookup.h"

namespace turnout {

/// What could be read of a frame. IPv4 addresses are mapped ones (mapped_address6()).
struct CaptureView {
  bool has_ends = false;   // `client` and `destination` are set
  bool has_ports = false;  // and `fields` says what service it is for
  Address6 client;         // of an ICMP error: whom the packet that it is about was for
  Address6 destination;
  PacketFields fields;
};

namespace capture_detail {

using namespace packet_detail;

inline constexpr unsigned kMostTags = 2;  // IEEE 802.1ad

inline bool has_ports(uint8_t protocol) {
  return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

/// The source's and the destination's port, at the beginning of all three protocols' headers.
inline void read_ports(Frame frame, size_t at, CaptureView& view) {
  rte_be16_t ports[2];
  view.has_ports = at + sizeof ports <= frame.contiguous && has_ports(view.fields.protocol);
  if (!view.has_ports) return;
  std::memcpy(ports, frame.data + at, sizeof ports);
  view.fields.client_port = ports[0];
  view.fields.destination_port = ports[1];
}

/// For as far as the header goes, whatever else is wrong with the packet.
inline void read_ipv4(Frame frame, uint32_t start, CaptureView& view) {
  if (frame.contiguous < start + sizeof(rte_ipv4_hdr)) return;
  const auto& ip = header_at<rte_ipv4_hdr>(frame.data + start);
  view.fields.version = 4;
  view.fields.client = ip.src_addr;
  view.fields.destination = ip.dst_addr;
  view.fields.protocol = ip.next_proto_id;
  view.has_ends = true;
  if ((ip.fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK)) != 0) return;
  const uint32_t header = (ip.version_ihl & RTE_IPV4_HDR_IHL_MASK) * RTE_IPV4_IHL_MULTIPLIER;
  if (header >= sizeof(rte_ipv4_hdr)) read_ports(frame, start + header, view);
}

inline void read_ipv6(Frame frame, uint32_t start, CaptureView& view) {
  if (frame.contiguous < start + kIpv6Header) return;
  const auto& ip = header_at<rte_ipv6_hdr>(frame.data + start);
  view.fields.version = 6;
  view.fields.client6 = load_address6(ip.src_addr);
  view.fields.destination6 = load_address6(ip.dst_addr);
  view.fields.protocol = ip.proto;
  view.has_ends = true;
  read_ports(frame, start + kIpv6Header, view);
}

inline void read_arp(Frame frame, uint32_t start, CaptureView& view) {
  if (frame.contiguous < start + sizeof(rte_arp_hdr)) return;
  const auto& arp = header_at<rte_arp_hdr>(frame.data + start);
  if (arp.arp_protocol != RTE_BE16(RTE_ETHER_TYPE_IPV4)) return;
  view.fields.client = arp.arp_data.arp_sip;
  view.fields.destination = arp.arp_data.arp_tip;
  view.has_ends = true;
}

inline bool is_flow(PacketClass kind) {
  return kind == PacketClass::flow || kind == PacketClass::flow6 || kind == PacketClass::first_fragment;
}

/// As the forwarder reads it, if it can be read so: behind extension headers and in ICMP errors.
inline void read_flow(Frame frame, uint32_t start, CaptureView& view) {
  PacketFields fields;
  const PacketClass kind =
      view.fields.version == 4 ? parse_ipv4(frame, start, fields) : parse_ipv6(frame, start, fields);
  if (!is_flow(kind)) return;
  view.fields = fields;
  view.has_ports = true;
}

}  // namespace capture_detail

/// Reads nothing past `frame.contiguous`.
inline CaptureView view_of(Frame frame) {
  using namespace capture_detail;
  CaptureView view;
  uint32_t start = sizeof(rte_ether_hdr);
  if (frame.contiguous < start) return view;
  rte_be16_t ether_type = header_at<rte_ether_hdr>(frame.data).ether_type;
  for (unsigned tags = 0; tags < kMostTags && is_tag(ether_type); ++tags) {
    if (frame.contiguous < start + sizeof(rte_vlan_hdr)) return view;
    ether_type = header_at<rte_vlan_hdr>(frame.data + start).eth_proto;
    start += sizeof(rte_vlan_hdr);
  }
  if (ether_type == RTE_BE16(RTE_ETHER_TYPE_ARP)) read_arp(frame, start, view);
  if (ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4)) read_ipv4(frame, start, view);
  if (ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6)) read_ipv6(frame, start, view);
  if (!view.has_ends) return view;
  const bool is_arp = ether_type == RTE_BE16(RTE_ETHER_TYPE_ARP);
  if (!is_arp) read_flow(frame, start, view);
  const bool is_v4 = view.fields.version == 4;
  view.client = is_v4 ? mapped_address6(view.fields.client) : view.fields.client6;
  view.destination = is_v4 ? mapped_address6(view.fields.destination) : view.fields.destination6;
  return view;
}

/// What view_of() says of the client of an untagged TCP, UDP or SCTP packet, without all the rest. Nothing if
/// it may be another packet, whose client takes that to be found.
inline std::optional<Address6> client_at_a_glance(Frame frame) {
  using namespace capture_detail;
  constexpr size_t kStart = sizeof(rte_ether_hdr);
  if (frame.contiguous < kStart + sizeof(rte_ipv4_hdr)) return {};
  const rte_be16_t ether_type = header_at<rte_ether_hdr>(frame.data).ether_type;
  if (ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4)) {
    const auto& ip = header_at<rte_ipv4_hdr>(frame.data + kStart);
    if (has_ports(ip.next_proto_id)) return mapped_address6(ip.src_addr);
  } else if (ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6) && frame.contiguous >= kStart + kIpv6Header) {
    const auto& ip = header_at<rte_ipv6_hdr>(frame.data + kStart);
    if (has_ports(ip.proto)) return load_address6(ip.src_addr);
  }
  return {};
}

/// Index of the service that the packet is for, of a group's member its own; 0: none.
inline uint16_t service_of(const CaptureView& view, const Snapshot& snapshot) {
  if (!view.has_ports) return 0;
  uint32_t index = view.fields.version == 4 ? find_exact_service4(snapshot, view.fields)
                                            : find_exact_service6(snapshot, view.fields);
  if (index == 0 && !snapshot.ranges.empty()) index = find_range_service(snapshot, view.fields);
  return static_cast<uint16_t>(index);
}

}  // namespace turnout
