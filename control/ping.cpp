#include "control/ping.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <rte_byteorder.h>
#include <rte_icmp.h>

namespace turnout {
namespace {

// Both families' echo messages are laid out alike; type and checksum differ.
static_assert(sizeof(rte_icmp_hdr) == sizeof(icmp6_hdr));

bool is_sound(const IpFrame& ip) {
  if (ip.is_fragment()) return false;
  if (ip.source.is_v4()) return ip.protocol == IPPROTO_ICMP && internet_checksum(ip.content) == 0;
  return ip.protocol == IPPROTO_ICMPV6 &&
         transport_checksum(ip.source, ip.destination, IPPROTO_ICMPV6, ip.content) == 0;
}

}  // namespace

std::vector<uint8_t> make_ping(const IpRoute& route, const PingNumbers& numbers) {
  const bool is_v4 = route.source.is_v4();
  rte_icmp_hdr icmp{};
  icmp.icmp_type = is_v4 ? uint8_t{RTE_IP_ICMP_ECHO_REQUEST} : uint8_t{ICMP6_ECHO_REQUEST};
  icmp.icmp_ident = rte_cpu_to_be_16(numbers.id);
  icmp.icmp_seq_nb = rte_cpu_to_be_16(numbers.sequence);
  std::vector<uint8_t> message;
  append(message, icmp);
  if (is_v4) {
    icmp.icmp_cksum = internet_checksum(message);
    message.clear();
    append(message, icmp);
  } else {
    put_icmp6_checksum(message, route.source, route.destination);
  }
  return make_ip_frame(route, is_v4 ? uint8_t{IPPROTO_ICMP} : uint8_t{IPPROTO_ICMPV6}, message);
}

std::optional<PingReply> parse_ping_reply(std::span<const uint8_t> frame) {
  const auto ip = parse_ip_frame(frame);
  rte_icmp_hdr icmp;
  if (!ip || !is_sound(*ip) || !read_header(ip->content, icmp)) return std::nullopt;
  const uint8_t reply = ip->source.is_v4() ? uint8_t{RTE_IP_ICMP_ECHO_REPLY} : uint8_t{ICMP6_ECHO_REPLY};
  if (icmp.icmp_type != reply || icmp.icmp_code != 0) return std::nullopt;
  const PingNumbers numbers{rte_be_to_cpu_16(icmp.icmp_ident), rte_be_to_cpu_16(icmp.icmp_seq_nb)};
  return PingReply{ip->source, ip->destination, numbers};
}

}  // namespace turnout
