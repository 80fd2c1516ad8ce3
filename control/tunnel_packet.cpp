#include "control/tunnel_packet.h"

#include <cstring>

#include <netinet/in.h>
#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_tcp.h>

namespace turnout {
namespace {

constexpr size_t kTcpWord = 4;  // its header's length is counted in them

uint16_t sum_of(const IpAddress& address) {
  if (address.is_v4()) {
    const auto octets = address.to_v4().to_bytes();
    return static_cast<uint16_t>(~internet_checksum(octets));
  }
  return static_cast<uint16_t>(~internet_checksum(to_octets16(address)));
}

/// RFC 1624 3, equation 3: HC' = ~(~HC + ~m + m'), for both addresses at once.
uint16_t updated_checksum(uint16_t checksum, const IpFrame& old, const Readdressing& to) {
  uint32_t sum = static_cast<uint16_t>(~checksum);
  sum += static_cast<uint16_t>(~sum_of(old.source));
  sum += static_cast<uint16_t>(~sum_of(old.destination));
  sum += sum_of(to.source);
  sum += sum_of(to.destination);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

void rewrite_ipv4(uint8_t* packet, size_t header_length, const Readdressing& to) {
  rte_ipv4_hdr ip;
  std::memcpy(&ip, packet, sizeof ip);
  ip.src_addr = to_be32(to.source);
  ip.dst_addr = to_be32(to.destination);
  if (to.hop_limit) ip.time_to_live = *to.hop_limit;
  ip.hdr_checksum = 0;
  std::memcpy(packet, &ip, sizeof ip);
  ip.hdr_checksum = internet_checksum({packet, header_length});
  std::memcpy(packet, &ip, sizeof ip);
}

void rewrite_ipv6(uint8_t* packet, const Readdressing& to) {
  rte_ipv6_hdr ip;
  std::memcpy(&ip, packet, sizeof ip);
  const Ipv6Octets source = to_octets16(to.source), destination = to_octets16(to.destination);
  std::memcpy(ip.src_addr, source.data(), source.size());
  std::memcpy(ip.dst_addr, destination.data(), destination.size());
  if (to.hop_limit) ip.hop_limits = *to.hop_limit;
  std::memcpy(packet, &ip, sizeof ip);
}

}  // namespace

std::optional<TcpPacket> parse_tcp(std::span<const uint8_t> frame) {
  const std::optional<IpFrame> ip = parse_ip_frame(frame);
  if (!ip || ip->protocol != IPPROTO_TCP || ip->is_fragment() || ip->has_extension_headers()) return {};
  rte_tcp_hdr tcp;
  if (!read_header(ip->content, tcp)) return {};
  const size_t header_length = (tcp.data_off >> 4) * kTcpWord;
  if (header_length < sizeof tcp || header_length > ip->content.size()) return {};

  TcpPacket packet;
  packet.ip = *ip;
  packet.ports = {rte_be_to_cpu_16(tcp.src_port), rte_be_to_cpu_16(tcp.dst_port)};
  packet.sequence = rte_be_to_cpu_32(tcp.sent_seq);
  return packet;
}

void readdress(std::span<uint8_t> frame, const TcpPacket& packet, const Readdressing& to) {
  uint8_t* ip = frame.data() + sizeof(rte_ether_hdr);
  const size_t header_length = packet.ip.packet.size() - packet.ip.content.size();
  rte_tcp_hdr tcp;
  std::memcpy(&tcp, ip + header_length, sizeof tcp);
  tcp.cksum = updated_checksum(tcp.cksum, packet.ip, to);
  std::memcpy(ip + header_length, &tcp, sizeof tcp);
  if (packet.ip.source.is_v4()) {
    rewrite_ipv4(ip, header_length, to);
  } else {
    rewrite_ipv6(ip, to);
  }
}

}  // namespace turnout
