#include "control/icmp_echo.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include <netinet/in.h>
#include <rte_byteorder.h>
#include <rte_icmp.h>

#include "control/ip_frame.h"

namespace turnout {
namespace {

constexpr uint8_t kTimeToLive = 64;

bool is_ping(const IpFrame& ip) {
  return ip.source.is_v4() && ip.protocol == IPPROTO_ICMP && !ip.is_fragment() && is_between_hosts(ip) &&
         internet_checksum(ip.content) == 0;
}

rte_ipv4_hdr reply_header(const EchoRequest& request) {
  rte_ipv4_hdr ip{};
  ip.version_ihl = RTE_IPV4_VHL_DEF;
  ip.type_of_service = request.ip.type_of_service & RTE_IPV4_HDR_DSCP_MASK;
  ip.total_length = rte_cpu_to_be_16(static_cast<uint16_t>(sizeof ip + request.message.size()));
  // As unique for the two hosts as the asker made it, or without meaning if Don't Fragment is set (RFC 6864).
  ip.packet_id = request.ip.packet_id;
  ip.fragment_offset = request.ip.fragment_offset & RTE_BE16(RTE_IPV4_HDR_DF_FLAG);
  ip.time_to_live = kTimeToLive;
  ip.next_proto_id = IPPROTO_ICMP;
  ip.src_addr = request.ip.dst_addr;
  ip.dst_addr = request.ip.src_addr;
  ip.hdr_checksum = rte_ipv4_cksum(&ip);
  return ip;
}

void write_reply_message(std::span<const uint8_t> request, uint8_t* reply) {
  std::copy(request.begin(), request.end(), reply);
  rte_icmp_hdr icmp;
  std::memcpy(&icmp, reply, sizeof icmp);
  icmp.icmp_type = RTE_IP_ICMP_ECHO_REPLY;
  icmp.icmp_cksum = 0;
  std::memcpy(reply, &icmp, sizeof icmp);
  icmp.icmp_cksum = internet_checksum({reply, request.size()});
  std::memcpy(reply, &icmp, sizeof icmp);
}

}  // namespace

std::optional<EchoRequest> parse_echo_request(std::span<const uint8_t> frame) {
  const auto ip = parse_ip_frame(frame);
  if (!ip || !is_ping(*ip)) return std::nullopt;
  rte_icmp_hdr icmp;
  if (!read_header(ip->content, icmp)) return std::nullopt;
  if (icmp.icmp_type != RTE_IP_ICMP_ECHO_REQUEST || icmp.icmp_code != 0) return std::nullopt;
  EchoRequest request;
  read_header(frame, request.ethernet);
  read_header(ip->packet, request.ip);
  request.message = ip->content;
  return request;
}

std::vector<uint8_t> make_echo_reply(const EchoRequest& request, const MacAddress& our_mac) {
  rte_ether_hdr ethernet = request.ethernet;
  ethernet.dst_addr = request.ethernet.src_addr;
  ethernet.src_addr = our_mac.octets;
  const rte_ipv4_hdr ip = reply_header(request);

  std::vector<uint8_t> frame(std::max(kEthernetLength + sizeof ip + request.message.size(), kShortestOnWire));
  std::memcpy(frame.data(), &ethernet, sizeof ethernet);
  std::memcpy(frame.data() + kEthernetLength, &ip, sizeof ip);
  write_reply_message(request.message, frame.data() + kEthernetLength + sizeof ip);
  return frame;
}

std::optional<std::vector<uint8_t>> make_echo_reply(std::span<const uint8_t> frame,
                                                    const MacAddress& our_mac) {
  const std::optional<EchoRequest> request = parse_echo_request(frame);
  if (!request) return std::nullopt;
  return make_echo_reply(*request, our_mac);
}

}  // namespace turnout
