#include "control/arp.h"

#include <cstring>

#include <rte_arp.h>
#include <rte_byteorder.h>

namespace turnout {
namespace {

constexpr MacAddress kBroadcast{{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}};
constexpr uint8_t kIpv4AddressLength = 4;

/// An ARP packet as it is on the wire.
struct WireFrame {
  rte_ether_hdr ethernet;
  rte_arp_hdr arp;
};
static_assert(sizeof(WireFrame) == 42);

bool is_arp_for_ipv4(const WireFrame& wire) {
  return wire.ethernet.ether_type == RTE_BE16(RTE_ETHER_TYPE_ARP) &&
         wire.arp.arp_hardware == RTE_BE16(RTE_ARP_HRD_ETHER) &&
         wire.arp.arp_protocol == RTE_BE16(RTE_ETHER_TYPE_IPV4) && wire.arp.arp_hlen == RTE_ETHER_ADDR_LEN &&
         wire.arp.arp_plen == kIpv4AddressLength;
}

bool is_known_operation(const WireFrame& wire) {
  return wire.arp.arp_opcode == RTE_BE16(RTE_ARP_OP_REQUEST) ||
         wire.arp.arp_opcode == RTE_BE16(RTE_ARP_OP_REPLY);
}

ArpFrame make_frame(const MacAddress& destination, const ArpPacket& packet) {
  WireFrame wire{};
  wire.ethernet.dst_addr = destination.octets;
  wire.ethernet.src_addr = packet.sender_mac.octets;
  wire.ethernet.ether_type = RTE_BE16(RTE_ETHER_TYPE_ARP);
  wire.arp.arp_hardware = RTE_BE16(RTE_ARP_HRD_ETHER);
  wire.arp.arp_protocol = RTE_BE16(RTE_ETHER_TYPE_IPV4);
  wire.arp.arp_hlen = RTE_ETHER_ADDR_LEN;
  wire.arp.arp_plen = kIpv4AddressLength;
  wire.arp.arp_opcode = rte_cpu_to_be_16(static_cast<uint16_t>(packet.operation));
  wire.arp.arp_data.arp_sha = packet.sender_mac.octets;
  wire.arp.arp_data.arp_sip = packet.sender_ip;
  wire.arp.arp_data.arp_tha = packet.target_mac.octets;
  wire.arp.arp_data.arp_tip = packet.target_ip;

  ArpFrame frame{};
  std::memcpy(frame.data(), &wire, sizeof wire);
  return frame;
}

}  // namespace

std::optional<ArpPacket> parse_arp(std::span<const uint8_t> frame) {
  WireFrame wire;
  if (frame.size() < sizeof wire) return std::nullopt;
  std::memcpy(&wire, frame.data(), sizeof wire);
  if (!is_arp_for_ipv4(wire) || !is_known_operation(wire)) return std::nullopt;

  ArpPacket packet;
  packet.operation = static_cast<ArpOperation>(rte_be_to_cpu_16(wire.arp.arp_opcode));
  packet.sender_mac = MacAddress{wire.arp.arp_data.arp_sha};
  packet.sender_ip = wire.arp.arp_data.arp_sip;
  packet.target_mac = MacAddress{wire.arp.arp_data.arp_tha};
  packet.target_ip = wire.arp.arp_data.arp_tip;
  if (!packet.sender_mac.is_unicast()) return std::nullopt;
  if (packet.sender_mac != MacAddress{wire.ethernet.src_addr}) return std::nullopt;
  return packet;
}

ArpFrame make_arp_request(const MacAddress& from_mac, rte_be32_t from_ip, rte_be32_t wanted_ip) {
  return make_arp_check(from_mac, from_ip, kBroadcast, wanted_ip);
}

ArpFrame make_arp_check(const MacAddress& from_mac, rte_be32_t from_ip, const MacAddress& to_mac,
                        rte_be32_t wanted_ip) {
  return make_frame(to_mac, {.operation = ArpOperation::request,
                             .sender_mac = from_mac,
                             .sender_ip = from_ip,
                             .target_mac = {},  // what is asked for (RFC 826)
                             .target_ip = wanted_ip});
}

ArpFrame make_arp_reply(const ArpPacket& request, const MacAddress& our_mac) {
  return make_frame(request.sender_mac, {.operation = ArpOperation::reply,
                                         .sender_mac = our_mac,
                                         .sender_ip = request.target_ip,
                                         .target_mac = request.sender_mac,
                                         .target_ip = request.sender_ip});
}

ArpFrame make_gratuitous_arp(const MacAddress& our_mac, rte_be32_t ip) {
  return make_arp_request(our_mac, ip, ip);
}

}  // namespace turnout
