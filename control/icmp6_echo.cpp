#include "control/icmp6_echo.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <rte_byteorder.h>

#include "control/ip_frame.h"

namespace turnout {
namespace {

constexpr uint32_t kDscpMask = 0xfc;  // the traffic class without ECN (RFC 3168 5)

bool is_ping6(const IpFrame& ip) {
  return ip.source.is_v6() && ip.protocol == IPPROTO_ICMPV6 && !ip.has_fragment_header &&
         is_between_hosts(ip) &&
         transport_checksum(ip.source, ip.destination, IPPROTO_ICMPV6, ip.content) == 0;
}

}  // namespace

std::optional<EchoRequest6> parse_echo_request6(std::span<const uint8_t> frame) {
  const auto ip = parse_ip_frame(frame);
  if (!ip || !is_ping6(*ip)) return std::nullopt;
  icmp6_hdr icmp;
  if (!read_header(ip->content, icmp)) return std::nullopt;
  if (icmp.icmp6_type != ICMP6_ECHO_REQUEST || icmp.icmp6_code != 0) return std::nullopt;
  EchoRequest6 request;
  read_header(frame, request.ethernet);
  read_header(ip->packet, request.ip);
  request.message = ip->content;
  return request;
}

std::vector<uint8_t> make_echo_reply6(const EchoRequest6& request, const MacAddress& our_mac) {
  const uint32_t traffic_class = rte_be_to_cpu_32(request.ip.vtc_flow) >> RTE_IPV6_HDR_TC_SHIFT;
  const IpRoute route{.from_mac = our_mac,
                      .to_mac = MacAddress{request.ethernet.src_addr},
                      .source = from_octets16(request.ip.dst_addr),
                      .destination = from_octets16(request.ip.src_addr),
                      .traffic_class = static_cast<uint8_t>(traffic_class & kDscpMask)};
  std::vector<uint8_t> message(request.message.begin(), request.message.end());
  message[offsetof(icmp6_hdr, icmp6_type)] = ICMP6_ECHO_REPLY;
  std::memset(message.data() + offsetof(icmp6_hdr, icmp6_cksum), 0, sizeof(icmp6_hdr::icmp6_cksum));
  put_icmp6_checksum(message, route.source, route.destination);

  return make_ip_frame(route, IPPROTO_ICMPV6, message);
}

std::optional<std::vector<uint8_t>> make_echo_reply6(std::span<const uint8_t> frame,
                                                     const MacAddress& our_mac) {
  const std::optional<EchoRequest6> request = parse_echo_request6(frame);
  if (!request) return std::nullopt;
  return make_echo_reply6(*request, our_mac);
}

}  // namespace turnout
