#include "control/probe_packets.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <rte_byteorder.h>
#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "control/neighbor_table.h"
#include "control/ping.h"
#include "control/probe_icmp.h"

namespace turnout {
namespace {

constexpr uint16_t kWindow = 1024;        // nothing is ever sent into it
constexpr size_t kTcpLengthUnit = 4;      // of its header
constexpr size_t kQuoteAt = 8;            // octets of an ICMP error before the packet it quotes
constexpr size_t kQuotedTransport = 8;    // octets of it that every ICMP error quotes (RFC 792)
constexpr uint8_t kOldestVersion = 0xF0;  // mask of IP's version

IpRoute route_of(const ProbeEnds& ends, const ProbeFlow& flow) {
  return {.from_mac = ends.from_mac,
          .to_mac = ends.to_mac,
          .source = ends.source,
          .destination = flow.target,
          .hop_limit = kProbeTimeToLive};
}

std::vector<uint8_t> make_segment(const ProbeEnds& ends, const ProbeFlow& flow, uint32_t sequence,
                                  uint8_t flags) {
  rte_tcp_hdr tcp{};
  tcp.src_port = rte_cpu_to_be_16(flow.own_port);
  tcp.dst_port = rte_cpu_to_be_16(flow.target_port);
  tcp.sent_seq = rte_cpu_to_be_32(sequence);
  tcp.data_off = static_cast<uint8_t>(sizeof tcp / kTcpLengthUnit << 4);
  tcp.tcp_flags = flags;
  tcp.rx_win = rte_cpu_to_be_16(kWindow);
  std::vector<uint8_t> content;
  append(content, tcp);
  tcp.cksum = transport_checksum(ends.source, flow.target, IPPROTO_TCP, content);
  std::memcpy(content.data(), &tcp, sizeof tcp);
  return make_ip_frame(route_of(ends, flow), IPPROTO_TCP, content);
}

/// ICMP of either family, as far as an echo and an error have it in common.
struct IcmpHead {
  uint8_t type = 0;
  uint8_t code = 0;
  rte_be16_t checksum = 0;
  rte_be16_t identifier = 0;
  rte_be16_t sequence = 0;
};
static_assert(sizeof(IcmpHead) == kQuoteAt);

bool read_tcp(const IpFrame& ip, ProbeAnswer& answer) {
  rte_tcp_hdr tcp;
  if (!read_header(ip.content, tcp)) return false;
  if (transport_checksum(ip.source, ip.destination, IPPROTO_TCP, ip.content) != 0) return false;
  const bool syn = (tcp.tcp_flags & RTE_TCP_SYN_FLAG) != 0, ack = (tcp.tcp_flags & RTE_TCP_ACK_FLAG) != 0;
  if ((tcp.tcp_flags & RTE_TCP_RST_FLAG) != 0) {
    answer.kind = ProbeAnswer::Kind::reset;
  } else if (syn && ack) {
    answer.kind = ProbeAnswer::Kind::syn_ack;
  } else {
    return false;
  }
  answer.acknowledgement = rte_be_to_cpu_32(tcp.recv_ack);
  answer.flow.target_port = rte_be_to_cpu_16(tcp.src_port);
  answer.flow.own_port = rte_be_to_cpu_16(tcp.dst_port);
  return true;
}

bool read_udp(const IpFrame& ip, ProbeAnswer& answer) {
  rte_udp_hdr udp;
  if (!read_header(ip.content, udp)) return false;
  const size_t length = rte_be_to_cpu_16(udp.dgram_len);
  if (length < sizeof udp || length > ip.content.size()) return false;
  const bool unchecked = udp.dgram_cksum == 0 && ip.source.is_v4();
  if (!unchecked && transport_checksum(ip.source, ip.destination, IPPROTO_UDP, ip.content.first(length)) != 0)
    return false;
  answer.kind = ProbeAnswer::Kind::datagram;
  answer.flow.target_port = rte_be_to_cpu_16(udp.src_port);
  answer.flow.own_port = rte_be_to_cpu_16(udp.dst_port);
  answer.payload = ip.content.subspan(sizeof udp, length - sizeof udp);
  return true;
}

/// The flow of a packet of ours that an ICMP error quotes. It may be cut short, so no checksum can be looked
/// at.
bool read_quote(std::span<const uint8_t> quote, ProbeAnswer& answer) {
  size_t header = 0;
  if (quote.empty()) return false;
  if (answer.to.is_v4()) {
    rte_ipv4_hdr ip;
    if (!read_header(quote, ip) || (ip.version_ihl & kOldestVersion) != 0x40) return false;
    if (from_be32(ip.src_addr) != answer.to) return false;
    header = (ip.version_ihl & RTE_IPV4_HDR_IHL_MASK) * size_t{RTE_IPV4_IHL_MULTIPLIER};
    answer.flow.protocol = ip.next_proto_id;
    answer.flow.target = from_be32(ip.dst_addr);
  } else {
    rte_ipv6_hdr ip;
    if (!read_header(quote, ip) || (quote[0] & kOldestVersion) != 0x60) return false;
    if (from_octets16(ip.src_addr) != answer.to) return false;
    header = sizeof ip;
    answer.flow.protocol = ip.proto;
    answer.flow.target = from_octets16(ip.dst_addr);
  }
  if (header < sizeof(rte_ipv4_hdr) || quote.size() < header + kQuotedTransport) return false;
  const auto transport = quote.subspan(header);
  if (answer.flow.protocol == icmp_of(answer.to)) {
    IcmpHead echo;
    if (!read_header(transport, echo)) return false;
    answer.flow.own_port = rte_be_to_cpu_16(echo.identifier);
    answer.flow.target_port = rte_be_to_cpu_16(echo.sequence);
    return true;
  }
  struct {
    rte_be16_t source, destination;
    rte_be32_t sequence;
  } ports;
  if (!read_header(transport, ports)) return false;
  answer.flow.own_port = rte_be_to_cpu_16(ports.source);
  answer.flow.target_port = rte_be_to_cpu_16(ports.destination);
  answer.acknowledgement = rte_be_to_cpu_32(ports.sequence);
  return true;
}

bool read_icmp_error(const IpFrame& ip, ProbeAnswer& answer) {
  IcmpHead icmp;
  if (!read_header(ip.content, icmp)) return false;
  const bool ipv6 = ip.source.is_v6();
  const uint16_t checksum = ipv6 ? transport_checksum(ip.source, ip.destination, IPPROTO_ICMPV6, ip.content)
                                 : internet_checksum(ip.content);
  if (checksum != 0) return false;
  answer.icmp_type = icmp.type;
  answer.icmp_code = icmp.code;
  answer.kind = ProbeAnswer::Kind::icmp_error;
  return meaning_of_icmp(ipv6, icmp.type, icmp.code) != IcmpMeaning::nothing &&
         read_quote(ip.content.subspan(kQuoteAt), answer);
}

}  // namespace

size_t ProbeFlowHash::operator()(const ProbeFlow& flow) const {
  const size_t rest = size_t{flow.own_port} << 32 | size_t{flow.target_port} << 16 | flow.protocol;
  return NeighborHash()({rest, flow.target});
}

uint8_t icmp_of(const IpAddress& address) {
  return address.is_v4() ? uint8_t{IPPROTO_ICMP} : uint8_t{IPPROTO_ICMPV6};
}

std::vector<uint8_t> make_syn(const ProbeEnds& ends, const ProbeFlow& flow, uint32_t sequence) {
  return make_segment(ends, flow, sequence, RTE_TCP_SYN_FLAG);
}

std::vector<uint8_t> make_reset(const ProbeEnds& ends, const ProbeFlow& flow, uint32_t acknowledgement) {
  return make_segment(ends, flow, acknowledgement, RTE_TCP_RST_FLAG);
}

std::vector<uint8_t> make_datagram(const ProbeEnds& ends, const ProbeFlow& flow,
                                   std::span<const uint8_t> payload) {
  rte_udp_hdr udp{};
  udp.src_port = rte_cpu_to_be_16(flow.own_port);
  udp.dst_port = rte_cpu_to_be_16(flow.target_port);
  udp.dgram_len = rte_cpu_to_be_16(static_cast<uint16_t>(sizeof udp + payload.size()));
  std::vector<uint8_t> content;
  append(content, udp);
  content.insert(content.end(), payload.begin(), payload.end());
  const uint16_t checksum = transport_checksum(ends.source, flow.target, IPPROTO_UDP, content);
  udp.dgram_cksum = checksum == 0 ? UINT16_MAX : checksum;  // zero would say that there is none (RFC 768)
  std::memcpy(content.data(), &udp, sizeof udp);
  return make_ip_frame(route_of(ends, flow), IPPROTO_UDP, content);
}

std::vector<uint8_t> make_echo(const ProbeEnds& ends, const ProbeFlow& flow) {
  return make_ping(route_of(ends, flow), {flow.own_port, flow.target_port});
}

std::optional<ProbeAnswer> parse_probe_answer(std::span<const uint8_t> frame) {
  const auto ip = parse_ip_frame(frame);
  if (!ip || ip->is_fragment() || !is_between_hosts(*ip)) return std::nullopt;
  ProbeAnswer answer;
  const bool is_icmp = ip->protocol == icmp_of(ip->source);
  if (const auto echo = is_icmp ? parse_ping_reply(frame) : std::nullopt) {
    answer.kind = ProbeAnswer::Kind::echo;
    answer.flow = {echo->from, ip->protocol, echo->numbers.sequence, echo->numbers.id};
    answer.from = echo->from;
    answer.to = echo->to;
    answer.mac = ip->source_mac;
    return answer;
  }
  answer.flow.target = answer.from = ip->source;
  answer.flow.protocol = ip->protocol;
  answer.to = ip->destination;
  answer.mac = ip->source_mac;
  bool is_sound = false;
  if (ip->protocol == IPPROTO_TCP) is_sound = read_tcp(*ip, answer);
  if (ip->protocol == IPPROTO_UDP) is_sound = read_udp(*ip, answer);
  if (is_icmp) is_sound = read_icmp_error(*ip, answer);
  return is_sound ? std::optional(answer) : std::nullopt;
}

}  // namespace turnout
