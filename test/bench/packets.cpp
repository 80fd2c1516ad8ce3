#include "test/bench/packets.h"

#include <cstring>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>

namespace turnout::bench {

namespace {

constexpr uint16_t kShortestFrame = 60;  // without its check sequence

void set_length(FakePacket& packet, uint16_t length) {
  packet.mbuf.buf_addr = packet.data.data();
  packet.mbuf.data_off = 0;
  packet.mbuf.data_len = length;
  packet.mbuf.pkt_len = length;
  packet.mbuf.nb_segs = 1;
}

uint8_t* write_ethernet(FakePacket& packet, uint16_t ether_type) {
  auto* ethernet = reinterpret_cast<rte_ether_hdr*>(packet.data.data());
  ethernet->dst_addr = {{2, 0, 0, 0, 0, 1}};
  ethernet->ether_type = rte_cpu_to_be_16(ether_type);
  return reinterpret_cast<uint8_t*>(ethernet + 1);
}

void write_tcp(uint8_t* at, uint16_t client_port, uint8_t flags) {
  auto* tcp = reinterpret_cast<rte_tcp_hdr*>(at);
  tcp->src_port = rte_cpu_to_be_16(client_port);
  tcp->dst_port = RTE_BE16(kServicePort);
  tcp->data_off = 0x50;
  tcp->tcp_flags = flags;
}

void write_address(uint8_t* to, uint16_t third, uint32_t last) {
  const std::array<uint8_t, 6> start{
      0x20, 0x01, 0x0d, 0xb8, static_cast<uint8_t>(third >> 8), static_cast<uint8_t>(third)};
  std::memset(to, 0, 16);
  std::memcpy(to, start.data(), start.size());
  const rte_be32_t end = rte_cpu_to_be_32(last);
  std::memcpy(to + 12, &end, sizeof end);
}

}  // namespace

void write_ipv4(FakePacket& packet, Client client, uint32_t vip, uint8_t flags) {
  uint8_t* at = write_ethernet(packet, RTE_ETHER_TYPE_IPV4);
  auto* ip = reinterpret_cast<rte_ipv4_hdr*>(at);
  ip->version_ihl = RTE_IPV4_VHL_DEF;
  ip->total_length = RTE_BE16(kShortestFrame - sizeof(rte_ether_hdr));
  ip->next_proto_id = IPPROTO_TCP;
  ip->src_addr = rte_cpu_to_be_32(client.address);
  ip->dst_addr = rte_cpu_to_be_32(vip);
  write_tcp(at + sizeof *ip, client.port, flags);
  set_length(packet, kShortestFrame);
}

void write_ipv6(FakePacket& packet, Client client, uint32_t vip, uint8_t flags) {
  uint8_t* at = write_ethernet(packet, RTE_ETHER_TYPE_IPV6);
  auto* ip = reinterpret_cast<rte_ipv6_hdr*>(at);
  ip->vtc_flow = RTE_BE32(0x60000000);
  ip->payload_len = RTE_BE16(sizeof(rte_tcp_hdr));
  ip->proto = IPPROTO_TCP;
  write_address(ip->src_addr, 1, client.address);
  write_address(ip->dst_addr, 0, vip);
  write_tcp(at + sizeof *ip, client.port, flags);
  set_length(packet, sizeof(rte_ether_hdr) + sizeof *ip + sizeof(rte_tcp_hdr));
}

}  // namespace turnout::bench
