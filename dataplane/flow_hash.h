// Which flow a frame is of, as a number: for a worker that hands packets to others, so that those of one flow
// come to one worker. Looks at no configuration and judges nothing: whatever the frame is, the worker that
// gets it finds out.
#pragma once

#include "dataplane/connection_key.h"
#include "dataplane/packet.h"

namespace turnout {

/// ARP, neighbour discovery, and what has no IP header that can be read: no flow's.
inline constexpr uint32_t kNoFlow = 0;

namespace flow_hash_detail {

using namespace packet_detail;

inline uint32_t finish(uint64_t product) {
  return static_cast<uint32_t>(scatter(product) >> 32) | 1;
}

inline bool has_ports(uint8_t protocol) {
  return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

/// Both ports, if they can be read.
inline uint32_t ports_at(Frame frame, uint32_t at) {
  return at + sizeof(uint32_t) <= frame.contiguous ? load<uint32_t>(frame.data + at) : 0;
}

/// Fragments are hashed without ports, the first as well: those of one datagram meet in one worker's fragment
/// table. And without the datagram's identifier, so that a flow all of whose datagrams are fragmented keeps
/// its order. It is what NICs do.
inline uint32_t hash4(Frame frame, uint32_t start, const HashSeed& seed) {
  if (frame.contiguous < start + sizeof(rte_ipv4_hdr)) return kNoFlow;
  const uint8_t* ip = frame.data + start;
  const auto& header = header_at<rte_ipv4_hdr>(ip);
  uint64_t rest = uint64_t{header.next_proto_id} << 32;
  const bool is_whole = (header.fragment_offset & RTE_BE16(kIpv4Fragment)) == 0;
  if (is_whole && has_ports(header.next_proto_id)) [[likely]]
    rest |= ports_at(frame, start + (header.version_ihl & RTE_IPV4_HDR_IHL_MASK) * RTE_IPV4_IHL_MULTIPLIER);
  const auto addresses = load<uint64_t>(ip + offsetof(rte_ipv4_hdr, src_addr));
  return finish(multiply_and_fold(addresses ^ seed.addend, rest ^ seed.multiplier));
}

/// Protocol and ports of a packet with extension headers; 0 for a fragment, whose later ones know neither.
[[gnu::noinline]] inline uint64_t rest_behind_extensions(Frame frame, uint32_t start) {
  PacketFields unused;
  const uint8_t* packet = frame.data + start;
  const uint32_t end = kIpv6Header + from_be16(header_at<rte_ipv6_hdr>(packet).payload_len);
  ExtensionWalk walk{packet, frame.contiguous - start, end, kIpv6Header,
                     header_at<rte_ipv6_hdr>(packet).proto};
  if (walk_extensions(walk, unused) != Walked::transport) return 0;
  const uint32_t ports = has_ports(walk.next) ? ports_at(frame, start + walk.at) : 0;
  return uint64_t{walk.next} << 32 | ports;
}

/// MLD, router and neighbour discovery.
inline bool is_link_message(Frame frame, uint32_t at) {
  return at < frame.contiguous && frame.data[at] >= icmp6_type::kMldQuery;
}

inline uint32_t hash6(Frame frame, uint32_t start, const HashSeed& seed) {
  if (frame.contiguous < start + kIpv6Header) return kNoFlow;
  const auto& header = header_at<rte_ipv6_hdr>(frame.data + start);
  const Address6 source = load_address6(header.src_addr), destination = load_address6(header.dst_addr);
  if (is_multicast(destination)) return kNoFlow;
  uint64_t rest = uint64_t{header.proto} << 32;
  if (has_ports(header.proto)) [[likely]] {
    rest |= ports_at(frame, start + kIpv6Header);
  } else if (is_extension(header.proto)) {
    rest = rest_behind_extensions(frame, start);
  } else if (header.proto == IPPROTO_ICMPV6 && is_link_message(frame, start + kIpv6Header)) {
    return kNoFlow;
  }
  const uint64_t from = multiply_and_fold(source.first ^ seed.addend, source.last ^ seed.multiplier);
  const uint64_t to = multiply_and_fold(destination.first ^ seed.multiplier, destination.last ^ seed.addend);
  return finish(multiply_and_fold(from ^ rest, to ^ seed.multiplier));
}

}  // namespace flow_hash_detail

/// Over addresses, protocol and ports; of a fragment over the first two (IPv6: addresses) alone. ICMP is
/// hashed by its own addresses: the tables are shared, so an error may meet any worker. Looks through one
/// VLAN tag. Reads nothing past `frame.contiguous`. `seed`: secret, so that nobody outside can choose flows
/// that meet in one worker. Never kNoFlow for what has a flow.
inline uint32_t flow_hash(Frame frame, const HashSeed& seed) {
  using namespace flow_hash_detail;
  uint32_t start = sizeof(rte_ether_hdr);
  if (frame.contiguous < start) return kNoFlow;
  rte_be16_t type = header_at<rte_ether_hdr>(frame.data).ether_type;
  if (type == RTE_BE16(RTE_ETHER_TYPE_VLAN)) {
    if (frame.contiguous < start + sizeof(rte_vlan_hdr)) return kNoFlow;
    type = header_at<rte_vlan_hdr>(frame.data + start).eth_proto;
    start += sizeof(rte_vlan_hdr);
  }
  if (type == RTE_BE16(RTE_ETHER_TYPE_IPV4)) return hash4(frame, start, seed);
  return type == RTE_BE16(RTE_ETHER_TYPE_IPV6) ? hash6(frame, start, seed) : kNoFlow;
}

}  // namespace turnout
