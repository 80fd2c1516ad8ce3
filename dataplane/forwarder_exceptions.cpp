// What the forwarder does with packets that are not plain TCP or UDP of a known service: the control thread's
// share, fragments, VLAN tags, packets that are too long, and the reasons to drop.
#include <cstring>

#include "dataplane/forwarder.h"
#include "dataplane/service_lookup.h"

namespace turnout {

using namespace packet_detail;

namespace {

/// To a group: who floods a LAN with those does not drown the answers to what control asked.
bool is_for_all(const rte_mbuf* packet) {
  return rte_is_multicast_ether_addr(&rte_pktmbuf_mtod(packet, const rte_ether_hdr*)->dst_addr) != 0;
}

/// To the director itself. Could a health check have brought it about? ICMP that asks nothing may tell what
/// became of one.
bool may_answer_a_check(const PacketFields& fields) {
  if (fields.kind == PacketClass::icmp_other) return true;
  const bool is_flow = fields.kind == PacketClass::flow || fields.kind == PacketClass::flow6;
  return is_flow && from_be16(fields.destination_port) >= kFirstHealthPort;
}

}  // namespace

/// A packet that is not plain. Says whose flows it is among: `no` if it is none of a flow.
[[gnu::noinline]] PlainPacket Forwarder::examine(const Burst& packets, const Snapshot& snapshot,
                                                 FlowPacket& flow, Outcome& outcome) {
  rte_mbuf* packet = packet_of(packets, flow);
  PacketFields& fields = flow.fields;
  fields.kind = parse_closely(frame_of(packet), snapshot.ports[packets.port], fields);
  if (fields.kind != PacketClass::dropped && fields.version == 4 && has_bad_ip_checksum(packet)) {
    outcome.add_drop(packet, DropReason::bad_checksum);
    return PlainPacket::no;
  }
  const PlainPacket family = fields.version == 4 ? PlainPacket::ipv4 : PlainPacket::ipv6;
  switch (fields.kind) {
    case PacketClass::flow:
    case PacketClass::flow6:
      if (fields.event != PacketEvent::icmp_error || !drops_error(snapshot, flow)) return family;
      outcome.add_drop(packet, DropReason::icmp_filtered);
      break;
    case PacketClass::first_fragment:
      flow.server = kNoServer;  // until its service is found to have one
      first_fragments_.add(flow);
      return family;
    case PacketClass::later_fragment:
      later_fragments_.add(flow);
      break;
    case PacketClass::arp:
      outcome.add_punt(packet, {is_for_all(packet) ? PuntKind::arp : PuntKind::neighbor});
      break;
    case PacketClass::ndp:
      outcome.add_punt(packet, {is_for_all(packet) ? PuntKind::ndp : PuntKind::neighbor});
      break;
    case PacketClass::dropped:
      outcome.add_drop(packet, fields.drop);
      break;
    default:
      divert(packets, snapshot, flow, outcome);
  }
  return PlainPacket::no;
}

/// A flow of no exact port: is its VIP's port in a range, or does a service have all? Then the wide table has
/// it.
[[gnu::noinline]] bool Forwarder::match_range(const Snapshot& snapshot, FlowPacket& flow) {
  const PacketFields& fields = flow.fields;
  const uint32_t service = find_range_service(snapshot, fields);
  if (service == 0) return false;
  ipv6_.enter(flow, flow_key_in_range(fields, static_cast<uint16_t>(service)), ipv6_.table.view());
  ipv6_.matched.add(flow);
  return true;
}

uint32_t Forwarder::role_of_destination(const Snapshot& snapshot, const FlowPacket& flow) const {
  const PacketFields& fields = flow.fields;
  return fields.version == 4 ? snapshot.address_map.find(fields.destination)
                             : snapshot.address_map6.find(fields.destination6);
}

/// A packet of no service: answered by control, given to the kernel, or dropped for what is most likely wrong
/// with it.
void Forwarder::divert(const Burst& packets, const Snapshot& snapshot, FlowPacket& flow, Outcome& outcome) {
  rte_mbuf* packet = packet_of(packets, flow);
  const uint32_t role = role_of_destination(snapshot, flow);
  if (role == 0) return outcome.add_drop(packet, DropReason::not_our_address);
  if (role & AddressRole::kVip) return divert_from_vip(packets, snapshot, role, flow, outcome);
  const PacketClass kind = flow.fields.kind;
  if (kind == PacketClass::icmp_echo) return outcome.add_punt(packet, {PuntKind::icmp_echo});
  if (may_answer_a_check(flow.fields)) return outcome.add_punt(packet, {PuntKind::health});
  if (snapshot.ports[packets.port].has_kernel) return outcome.add_punt(packet, {PuntKind::kernel});
  outcome.add_drop(packet, DropReason::own_address_unserved);
}

void Forwarder::divert_from_vip(const Burst& packets, const Snapshot& snapshot, uint32_t role,
                                FlowPacket& flow, Outcome& outcome) {
  rte_mbuf* packet = packet_of(packets, flow);
  if (const uint32_t at = role >> AddressRole::kPolicyShift) {
    if (!passes_vip_filter(snapshot.vip_policies[at], packets, snapshot, flow, now_, outcome)) return;
  }
  const PacketFields& fields = flow.fields;
  const PacketClass kind = fields.kind;
  const bool is_flow =
      kind == PacketClass::flow || kind == PacketClass::flow6 || kind == PacketClass::first_fragment;
  if (kind == PacketClass::icmp_echo || kind == PacketClass::icmp_other)
    return divert_icmp_from_vip(packets, snapshot, role, flow, outcome);
  if (is_flow && fields.event == PacketEvent::icmp_error)
    return outcome.add_drop(packet, DropReason::icmp_unmatched);
  if (kind == PacketClass::later_fragment) return outcome.add_drop(packet, DropReason::fragment);
  if (role & AddressRole::kReject) return outcome.add_punt(packet, {PuntKind::unmatched});
  outcome.add_drop(packet, is_flow ? DropReason::no_service : DropReason::unsupported_protocol);
}

/// ICMP that is about no flow.
void Forwarder::divert_icmp_from_vip(const Burst& packets, const Snapshot& snapshot, uint32_t role,
                                     FlowPacket& flow, Outcome& outcome) {
  rte_mbuf* packet = packet_of(packets, flow);
  const PacketFields& fields = flow.fields;
  const bool is_error = fields.event == PacketEvent::icmp_error;
  if (const uint32_t at = role >> AddressRole::kPolicyShift; at != 0 && !is_error) {
    const VipPolicy& policy = snapshot.vip_policies[at];
    if (policy.forwarded.test(fields.icmp_type))
      return forward_icmp(policy.icmp_service, packets, snapshot, flow, outcome);
  }
  if (fields.kind == PacketClass::icmp_other)
    return outcome.add_drop(packet, is_error ? DropReason::icmp_unmatched : DropReason::icmp_unsupported);
  if (role & AddressRole::kEcho) return outcome.add_punt(packet, {PuntKind::icmp_echo});
  outcome.add_drop(packet, DropReason::echo_off);
}

/// Does its VIP have this type of ICMP error dropped?
bool Forwarder::drops_error(const Snapshot& snapshot, const FlowPacket& flow) const {
  const uint32_t at = role_of_destination(snapshot, flow) >> AddressRole::kPolicyShift;
  return at != 0 && snapshot.vip_policies[at].dropped.test(flow.fields.icmp_type);
}

DatagramKey Forwarder::datagram_of(const FlowPacket& flow) const {
  const PacketFields& fields = flow.fields;
  if (fields.version == 6) return {fields.client6, fields.destination6, fields.fragment_id, 0};
  return {mapped_address6(fields.client), mapped_address6(fields.destination), fields.fragment_id,
          fields.protocol};
}

/// Notes where first fragments went, and sends later ones there. A later fragment may come before its first,
/// in this burst or in another.
void Forwarder::follow_fragments(const Burst& packets, const Snapshot& snapshot, Tick now, Outcome& outcome) {
  for (FlowPacket& flow : first_fragments_) {
    if ((role_of_destination(snapshot, flow) & AddressRole::kVip) == 0) continue;
    FragmentTable::Fate fate;
    const uint32_t server = flow.server;
    if (server != kNoServer) fate = {server, snapshot.servers[server].generation()};
    fragments_.learn(datagram_of(flow), fate, now);
  }
  for (FlowPacket& flow : later_fragments_) follow_fragment(packets, snapshot, flow, now, outcome);
}

void Forwarder::follow_fragment(const Burst& packets, const Snapshot& snapshot, FlowPacket& flow, Tick now,
                                Outcome& outcome) {
  rte_mbuf* packet = packet_of(packets, flow);
  const PacketFields& fields = flow.fields;
  const bool is_icmp = fields.protocol == IPPROTO_ICMP || fields.protocol == IPPROTO_ICMPV6;
  const bool to_vip = (role_of_destination(snapshot, flow) & AddressRole::kVip) != 0;
  if (!to_vip || is_icmp) return divert(packets, snapshot, flow, outcome);
  const DatagramKey key = datagram_of(flow);
  const FragmentTable::Fate* fate = fragments_.find(key, now);
  if (!fate && !packets.released && fragments_.hold(key, packet, packets.port, now))
    return outcome.add_held(packet);
  const bool lives = fate && fate->server < snapshot.servers.size() &&
                     snapshot.servers[fate->server].tag == fate->generation;
  if (!lives) return outcome.add_drop(packet, DropReason::fragment);
  flow.server = fate->server;
  followers_.add(flow);
}

/// A packet that is tagged, is to be tagged, or is long. False if it was refused.
bool Forwarder::prepare(rte_mbuf* packet, const Snapshot& snapshot, const PacketFields& fields, uint32_t slot,
                        Outcome& outcome) {
  const RealServer& server = snapshot.servers[slot];
  if (refuse_too_big(packet, fields, snapshot.ports[server.egress()].mtu, outcome)) return false;
  const Mark mark = snapshot.mark_of(slot);
  if (mark.dscp != Mark::kNone)
    write_dscp(rte_pktmbuf_mtod_offset(packet, uint8_t*, fields.ip_at), fields.version, mark.dscp);
  const bool tagged = fields.ip_at != sizeof(rte_ether_hdr) || server.vlan() != 0;
  if (!tagged || retag(packet, fields, server.vlan(), mark)) return true;
  outcome.add_drop(packet, DropReason::no_headroom);
  return false;
}

/// Takes the tag that the frame came with off, or gives it the one of the server's port. The priority that
/// the frame came with stays, if the service has none of its own.
bool Forwarder::retag(rte_mbuf* packet, const PacketFields& fields, uint16_t vlan, Mark mark) {
  constexpr size_t kTag = sizeof(rte_vlan_hdr), kTypeAt = sizeof(rte_ether_hdr) - sizeof(rte_be16_t);
  constexpr unsigned kPriorityShift = 13;
  constexpr uint16_t kPriorityMask = 7 << kPriorityShift;
  const bool came_tagged = fields.ip_at != sizeof(rte_ether_hdr);
  if (came_tagged && vlan == 0) return rte_pktmbuf_adj(packet, kTag) != nullptr;
  uint16_t priority = 0;  // and, below it, drop eligibility
  if (came_tagged) {
    priority = from_be16(header_at<rte_vlan_hdr>(
                             rte_pktmbuf_mtod_offset(packet, const uint8_t*, sizeof(rte_ether_hdr)))
                             .vlan_tci) &
               static_cast<uint16_t>(~kVlanMask);
  } else if (rte_pktmbuf_prepend(packet, kTag) == nullptr) {
    return false;
  }
  if (mark.priority != Mark::kNone)
    priority = static_cast<uint16_t>((priority & ~kPriorityMask) | mark.priority << kPriorityShift);
  const rte_be16_t tag[2] = {RTE_BE16(RTE_ETHER_TYPE_VLAN),
                             rte_cpu_to_be_16(static_cast<uint16_t>(priority | vlan))};
  std::memcpy(rte_pktmbuf_mtod_offset(packet, uint8_t*, kTypeAt), tag, sizeof tag);
  return true;
}

/// Routers fragment what IPv4 lets them; a director that touches no IP packet can't, so it says how long the
/// packet may be where the sender asked to be told (RFC 1191, RFC 8201), and drops it where it did not. False
/// if the packet fits.
bool Forwarder::refuse_too_big(rte_mbuf* packet, const PacketFields& fields, uint16_t mtu, Outcome& outcome) {
  if (fields.ip_bytes <= mtu) return false;
  const uint8_t* ip = rte_pktmbuf_mtod_offset(packet, const uint8_t*, fields.ip_at);
  const bool told = fields.version == 6 ||
                    (header_at<rte_ipv4_hdr>(ip).fragment_offset & RTE_BE16(RTE_IPV4_HDR_DF_FLAG)) != 0;
  if (told) {
    outcome.add_punt(packet, {PuntKind::too_big, mtu});
  } else {
    outcome.add_drop(packet, DropReason::too_big);
  }
  return true;
}

}  // namespace turnout
