// Packets of health checks, and whether their checksums are right, by arithmetic of the tests' own.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <rte_byteorder.h>
#include <rte_tcp.h>

#include "control/ip_frame.h"
#include "test/support/test_config.h"

namespace turnout {

using Octets = std::vector<uint8_t>;

/// RFC 1071, an octet at a time: 0xffff if the checksum is there and right.
inline uint32_t plain_sum(std::span<const uint8_t> octets, uint32_t sum = 0) {
  for (size_t i = 0; i < octets.size(); ++i) sum += i % 2 == 0 ? uint32_t{octets[i]} << 8 : octets[i];
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

/// Of IPv4's header, and of what an Ethernet frame carries over IP. The frame must not be padded.
inline bool has_right_checksums(std::span<const uint8_t> frame) {
  const std::span<const uint8_t> packet = frame.subspan(14);
  const bool is_v4 = packet[0] >> 4 == 4;
  const size_t header = is_v4 ? (packet[0] & 15) * size_t{4} : 40;
  if (is_v4 && plain_sum(packet.first(header)) != 0xffff) return false;
  const uint8_t protocol = is_v4 ? packet[9] : packet[6];
  const auto content = packet.subspan(header);
  uint32_t pseudo = static_cast<uint32_t>(content.size()) + protocol;
  pseudo = is_v4 ? plain_sum(packet.subspan(12, 8), pseudo) : plain_sum(packet.subspan(8, 32), pseudo);
  return plain_sum(content, protocol == IPPROTO_ICMP ? 0 : pseudo) == 0xffff;
}

/// A frame that is as long as what is in it.
inline Octets unpadded(Octets frame) {
  frame.resize(14 + parse_ip_frame(frame).value().packet.size());
  return frame;
}

struct Segment {
  IpRoute route;
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  uint8_t flags = RTE_TCP_SYN_FLAG;
  uint32_t sequence = 1000;
  uint32_t acknowledged = 0;
  std::string text = {};
};

inline Octets make_segment(const Segment& segment) {
  rte_tcp_hdr tcp{};
  tcp.src_port = rte_cpu_to_be_16(segment.source_port);
  tcp.dst_port = rte_cpu_to_be_16(segment.destination_port);
  tcp.sent_seq = rte_cpu_to_be_32(segment.sequence);
  tcp.recv_ack = rte_cpu_to_be_32(segment.acknowledged);
  tcp.data_off = 5 << 4;
  tcp.tcp_flags = segment.flags;
  tcp.rx_win = rte_cpu_to_be_16(65535);
  Octets content;
  append(content, tcp);
  content.insert(content.end(), segment.text.begin(), segment.text.end());
  const uint16_t checksum =
      transport_checksum(segment.route.source, segment.route.destination, IPPROTO_TCP, content);
  std::memcpy(content.data() + 16, &checksum, sizeof checksum);
  return make_ip_frame(segment.route, IPPROTO_TCP, content);
}

/// An ICMP or ICMPv6 error by `from` to who sent the packet in `about`, of which `quoted` octets are in it.
inline Octets make_icmp_error(const IpAddress& from, uint8_t type, uint8_t code, const Octets& about,
                              size_t quoted = 1000) {
  const IpFrame packet = parse_ip_frame(about).value();
  Octets content{type, code, 0, 0, 0, 0, 0, 0};
  const auto quote = packet.packet.first(std::min(quoted, packet.packet.size()));
  content.insert(content.end(), quote.begin(), quote.end());
  const IpRoute route{packet.destination_mac, packet.source_mac, from, packet.source};
  if (from.is_v6()) {
    put_icmp6_checksum(content, from, packet.source);
    return make_ip_frame(route, IPPROTO_ICMPV6, content);
  }
  const uint16_t checksum = internet_checksum(content);
  std::memcpy(content.data() + 2, &checksum, sizeof checksum);
  return make_ip_frame(route, IPPROTO_ICMP, content);
}

}  // namespace turnout
