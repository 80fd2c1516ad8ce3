#include "control/refusal.h"

#include <algorithm>

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <rte_byteorder.h>
#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "control/ip_frame.h"

namespace turnout {
namespace {

constexpr uint8_t kRedirect6 = 137;      // an error among the messages that are none (RFC 4443 2.4(e.2))
constexpr size_t kLongestError4 = 576;   // RFC 1812 4.3.2.3
constexpr size_t kLongestError6 = 1280;  // RFC 4443 2.4(c)
constexpr size_t kTcpLengthUnit = 4;     // of its header

/// What begins an ICMP message of either family.
struct IcmpError {
  uint8_t type = 0;
  uint8_t code = 0;
  rte_be16_t checksum = 0;
  rte_be32_t argument = 0;  // an MTU, a pointer, or unused
};
static_assert(sizeof(IcmpError) == 8);

bool is_icmp(const IpFrame& ip) {
  return ip.source.is_v4() ? ip.protocol == IPPROTO_ICMP : ip.protocol == IPPROTO_ICMPV6;
}

/// What isn't known to be a question or its answer may be an error.
bool is_icmp_query(uint8_t type) {
  return type == ICMP_ECHO || type == ICMP_ECHOREPLY || (type >= ICMP_TIMESTAMP && type <= ICMP_ADDRESSREPLY);
}

bool may_be_icmp_error(const IpFrame& ip) {
  if (!is_icmp(ip)) return false;
  if (ip.content.empty()) return true;
  const uint8_t type = ip.content[0];
  if (ip.source.is_v4()) return !is_icmp_query(type);
  return (type & ICMP6_INFOMSG_MASK) == 0 || type == kRedirect6;
}

bool may_be_answered(const IpFrame& ip) {
  return is_between_hosts(ip) && ip.source != ip.destination && ip.fragment_offset == 0 &&
         !may_be_icmp_error(ip);
}

std::optional<IpFrame> parse_answerable(std::span<const uint8_t> frame) {
  auto ip = parse_ip_frame(frame);
  if (!ip || !may_be_answered(*ip)) return std::nullopt;
  return ip;
}

IpRoute way_back(const IpFrame& ip, const MacAddress& our_mac, const IpAddress& from) {
  return {.from_mac = our_mac, .to_mac = ip.source_mac, .source = from, .destination = ip.source};
}

/// Quotes as much of the packet as may be.
std::vector<uint8_t> make_error(const IpFrame& ip, const IpRoute& route, const IcmpError& error) {
  const bool is_v4 = ip.source.is_v4();
  const size_t room =
      (is_v4 ? kLongestError4 - sizeof(rte_ipv4_hdr) : kLongestError6 - sizeof(rte_ipv6_hdr)) - sizeof error;
  const auto quote = ip.packet.first(std::min(ip.packet.size(), room));
  std::vector<uint8_t> message(sizeof error + quote.size());
  std::memcpy(message.data(), &error, sizeof error);
  std::copy(quote.begin(), quote.end(), message.begin() + sizeof error);
  if (!is_v4) {
    put_icmp6_checksum(message, route.source, route.destination);
    return make_ip_frame(route, IPPROTO_ICMPV6, message);
  }
  const uint16_t checksum = internet_checksum(message);
  std::memcpy(message.data() + offsetof(IcmpError, checksum), &checksum, sizeof checksum);
  return make_ip_frame(route, IPPROTO_ICMP, message);
}

struct Segment {
  rte_tcp_hdr tcp{};
  uint32_t length = 0;  // in sequence numbers: SYN and FIN have one each (RFC 9293 3.4)
};

/// Nothing if it's damaged, which a receiver drops without a word (RFC 9293 3.1, MUST-3), or if its length
/// isn't known because more fragments follow.
std::optional<Segment> read_segment(const IpFrame& ip) {
  Segment segment;
  if (ip.is_fragment() || !read_header(ip.content, segment.tcp)) return std::nullopt;
  const size_t header_length = (segment.tcp.data_off >> 4) * kTcpLengthUnit;
  if (header_length < sizeof segment.tcp || header_length > ip.content.size()) return std::nullopt;
  if (transport_checksum(ip.source, ip.destination, IPPROTO_TCP, ip.content) != 0) return std::nullopt;
  segment.length = static_cast<uint32_t>(ip.content.size() - header_length);
  if ((segment.tcp.tcp_flags & RTE_TCP_SYN_FLAG) != 0) ++segment.length;
  if ((segment.tcp.tcp_flags & RTE_TCP_FIN_FLAG) != 0) ++segment.length;
  return segment;
}

/// RFC 9293 3.10.7.1: the number that the sender waits for, or the acknowledgement of all it sent.
rte_tcp_hdr reset_of(const Segment& segment) {
  rte_tcp_hdr reset{};
  reset.src_port = segment.tcp.dst_port;
  reset.dst_port = segment.tcp.src_port;
  reset.data_off = static_cast<uint8_t>(sizeof reset / kTcpLengthUnit << 4);
  reset.tcp_flags = RTE_TCP_RST_FLAG;
  if ((segment.tcp.tcp_flags & RTE_TCP_ACK_FLAG) != 0) {
    reset.sent_seq = segment.tcp.recv_ack;
  } else {
    reset.tcp_flags |= RTE_TCP_ACK_FLAG;
    reset.recv_ack = rte_cpu_to_be_32(rte_be_to_cpu_32(segment.tcp.sent_seq) + segment.length);
  }
  return reset;
}

std::optional<std::vector<uint8_t>> make_reset(const IpFrame& ip, const IpRoute& route) {
  const auto segment = read_segment(ip);
  if (!segment || (segment->tcp.tcp_flags & RTE_TCP_RST_FLAG) != 0) return std::nullopt;
  rte_tcp_hdr reset = reset_of(*segment);
  std::vector<uint8_t> content;
  append(content, reset);
  reset.cksum = transport_checksum(route.source, route.destination, IPPROTO_TCP, content);
  std::memcpy(content.data(), &reset, sizeof reset);
  return make_ip_frame(route, IPPROTO_TCP, content);
}

bool is_sound_datagram(const IpFrame& ip) {
  rte_udp_hdr udp;
  if (!read_header(ip.content, udp)) return false;
  const size_t length = rte_be_to_cpu_16(udp.dgram_len);
  if (length < sizeof udp) return false;
  if (ip.is_fragment()) return true;  // its checksum is over the fragments that follow, too
  if (length > ip.content.size()) return false;
  if (udp.dgram_cksum == 0) return ip.source.is_v4();  // IPv6 can't do without (RFC 8200 8.1)
  return transport_checksum(ip.source, ip.destination, IPPROTO_UDP, ip.content.first(length)) == 0;
}

std::vector<uint8_t> make_port_unreachable(const IpFrame& ip, const IpRoute& route) {
  if (ip.source.is_v4()) return make_error(ip, route, {.type = ICMP_DEST_UNREACH, .code = ICMP_PORT_UNREACH});
  return make_error(ip, route, {.type = ICMP6_DST_UNREACH, .code = ICMP6_DST_UNREACH_NOPORT});
}

std::vector<uint8_t> make_protocol_unreachable(const IpFrame& ip, const IpRoute& route) {
  if (ip.source.is_v4()) return make_error(ip, route, {.type = ICMP_DEST_UNREACH, .code = ICMP_PROT_UNREACH});
  return make_error(ip, route,
                    {.type = ICMP6_PARAM_PROB,
                     .code = ICMP6_PARAMPROB_NEXTHEADER,
                     .argument = rte_cpu_to_be_32(static_cast<uint32_t>(ip.protocol_at))});
}

std::vector<uint8_t> make_prohibited(const IpFrame& ip, const IpRoute& route) {
  if (ip.source.is_v4()) return make_error(ip, route, {.type = ICMP_DEST_UNREACH, .code = ICMP_PKT_FILTERED});
  return make_error(ip, route, {.type = ICMP6_DST_UNREACH, .code = ICMP6_DST_UNREACH_ADMIN});
}

/// The director speaks ICMP; there is nothing to refuse where nothing follows; and a routing header is to be
/// ignored if it has been followed to its end, not unrecognized (RFC 8200 4.4).
bool is_left_unanswered(const IpFrame& ip) {
  return is_icmp(ip) ||
         (ip.source.is_v6() && (ip.protocol == IPPROTO_NONE || ip.protocol == IPPROTO_ROUTING));
}

}  // namespace

std::optional<std::vector<uint8_t>> make_refusal(std::span<const uint8_t> frame, const MacAddress& our_mac,
                                                 RefusalReason why) {
  const auto ip = parse_answerable(frame);
  if (!ip || is_left_unanswered(*ip)) return std::nullopt;
  const IpRoute route = way_back(*ip, our_mac, ip->destination);
  if (ip->protocol == IPPROTO_TCP) return make_reset(*ip, route);
  if (why == RefusalReason::denied) return make_prohibited(*ip, route);
  if (ip->protocol != IPPROTO_UDP) return make_protocol_unreachable(*ip, route);
  if (!is_sound_datagram(*ip)) return std::nullopt;
  return make_port_unreachable(*ip, route);
}

std::optional<std::vector<uint8_t>> make_too_big(std::span<const uint8_t> frame, const MacAddress& our_mac,
                                                 const IpAddress& from, uint16_t mtu) {
  const auto ip = parse_answerable(frame);
  if (!ip || !ip->dont_fragment) return std::nullopt;
  if (from.is_v4() != ip->source.is_v4() || from == ip->source) return std::nullopt;
  const IpRoute route = way_back(*ip, our_mac, from);
  const rte_be32_t argument = rte_cpu_to_be_32(mtu);
  if (from.is_v4()) {
    return make_error(*ip, route,
                      {.type = ICMP_DEST_UNREACH, .code = ICMP_FRAG_NEEDED, .argument = argument});
  }
  return make_error(*ip, route, {.type = ICMP6_PACKET_TOO_BIG, .argument = argument});
}

}  // namespace turnout
