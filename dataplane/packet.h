// Headers → the fields that decide a packet's way. Pure: bytes in, fields and a class out.
#pragma once

#include <rte_ether.h>
#include <rte_mbuf.h>

#include "dataplane/mac.h"
#include "dataplane/packet_ipv4.h"
#include "dataplane/packet_ipv6.h"
#include "dataplane/packet_plain.h"
#include "dataplane/snapshot.h"

namespace turnout {

inline Frame frame_of(const rte_mbuf* packet) {
  return {rte_pktmbuf_mtod(packet, const uint8_t*), packet->data_len, packet->pkt_len};
}

namespace packet_detail {

inline constexpr uint16_t kVlanMask = 0x0FFF;  // of the tag's control information (IEEE 802.1Q 9.6)

inline bool is_tag(rte_be16_t ether_type) {
  return ether_type == RTE_BE16(RTE_ETHER_TYPE_VLAN) || ether_type == RTE_BE16(RTE_ETHER_TYPE_QINQ);
}

/// What comes to a group instead of the port's own address: ARP for all, and neighbour discovery for IPv6's
/// groups, whose addresses begin with 33:33 (RFC 2464 7).
inline PacketClass parse_for_group(Frame frame, uint64_t destination, rte_be16_t ether_type, uint32_t start,
                                   PacketFields& fields) {
  if (destination == kMacMask && ether_type == RTE_BE16(RTE_ETHER_TYPE_ARP)) return PacketClass::arp;
  if ((destination & 0xFFFF) == 0x3333 && ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6)) {
    const PacketClass kind = parse_ipv6(frame, start, fields);
    if (kind == PacketClass::ndp) return kind;
  }
  return drop(fields, DropReason::not_our_mac);
}

inline PacketClass parse_network(Frame frame, const Port& port, uint64_t destination, rte_be16_t ether_type,
                                 uint32_t start, PacketFields& fields) {
  if ((destination & port.mac_mask) != port.mac)
    return parse_for_group(frame, destination, ether_type, start, fields);
  if (ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6)) return parse_ipv6(frame, start, fields);
  if (ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4)) return parse_ipv4(frame, start, fields);
  if (ether_type == RTE_BE16(RTE_ETHER_TYPE_ARP)) return PacketClass::arp;
  return drop(fields, is_tag(ether_type) ? DropReason::stacked_vlan : DropReason::unknown_ethertype);
}

}  // namespace packet_detail

/// Classifies a frame that arrived on a port and reads what the dataplane needs of it. Of a plain packet it
/// says the same as parse_plain(). Reads nothing past `frame.contiguous`.
[[gnu::noinline]] inline PacketClass parse_closely(Frame frame, const Port& port, PacketFields& fields) {
  using namespace packet_detail;
  if (frame.contiguous < sizeof(rte_ether_hdr)) return drop(fields, DropReason::truncated);
  const uint64_t destination = load_mac(frame.data);
  rte_be16_t ether_type = header_at<rte_ether_hdr>(frame.data).ether_type;
  uint32_t start = sizeof(rte_ether_hdr);
  uint16_t vlan = 0;
  if (ether_type == RTE_BE16(RTE_ETHER_TYPE_QINQ)) return drop(fields, DropReason::stacked_vlan);
  if (ether_type == RTE_BE16(RTE_ETHER_TYPE_VLAN)) {
    if (frame.contiguous < start + sizeof(rte_vlan_hdr)) return drop(fields, DropReason::truncated);
    const auto& tag = header_at<rte_vlan_hdr>(frame.data + start);
    vlan = from_be16(tag.vlan_tci) & kVlanMask;  // 0 tells a priority only, and belongs to no VLAN
    ether_type = tag.eth_proto;
    start += sizeof(rte_vlan_hdr);
    if (is_tag(ether_type)) return drop(fields, DropReason::stacked_vlan);
  }
  if (vlan != port.vlan) return drop(fields, DropReason::unknown_vlan);
  return parse_network(frame, port, destination, ether_type, start, fields);
}

/// Both: whatever the packet is.
inline PacketClass parse_packet(Frame frame, const Port& port, PacketFields& fields) {
  switch (parse_plain(frame, port, fields)) {
    case PlainPacket::ipv4:
      return PacketClass::flow;
    case PlainPacket::ipv6:
      return PacketClass::flow6;
    case PlainPacket::no:
      break;
  }
  return parse_closely(frame, port, fields);
}

/// The VLAN that a frame is tagged with, host byte order; 0 if it has no tag, or it can't be read.
inline uint16_t vlan_of(Frame frame) {
  using namespace packet_detail;
  constexpr uint32_t kStart = sizeof(rte_ether_hdr);
  if (frame.contiguous < kStart + sizeof(rte_vlan_hdr)) return 0;
  if (header_at<rte_ether_hdr>(frame.data).ether_type != RTE_BE16(RTE_ETHER_TYPE_VLAN)) return 0;
  return from_be16(header_at<rte_vlan_hdr>(frame.data + kStart).vlan_tci) & kVlanMask;
}

}  // namespace turnout
