#include "control/probe_icmp.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

namespace turnout {
namespace {

constexpr uint8_t kPolicyOfSource = 5;  // RFC 4443 3.1
constexpr uint8_t kRejectRoute = 6;

IcmpMeaning meaning_of_icmp4(uint8_t type, uint8_t code) {
  if (type == ICMP_TIME_EXCEEDED) return code == ICMP_EXC_TTL ? IcmpMeaning::loops : IcmpMeaning::nothing;
  if (type != ICMP_DEST_UNREACH) return IcmpMeaning::nothing;
  switch (code) {
    case ICMP_NET_UNREACH:
      return IcmpMeaning::no_route;
    case ICMP_HOST_UNREACH:
      return IcmpMeaning::no_host;
    case ICMP_PROT_UNREACH:
    case ICMP_PORT_UNREACH:
      return IcmpMeaning::no_service;
    case ICMP_NET_ANO:
    case ICMP_HOST_ANO:
    case ICMP_PKT_FILTERED:
      return IcmpMeaning::filtered;
    default:
      return IcmpMeaning::nothing;
  }
}

IcmpMeaning meaning_of_icmp6(uint8_t type, uint8_t code) {
  if (type == ICMP6_TIME_EXCEEDED)
    return code == ICMP6_TIME_EXCEED_TRANSIT ? IcmpMeaning::loops : IcmpMeaning::nothing;
  if (type != ICMP6_DST_UNREACH) return IcmpMeaning::nothing;
  switch (code) {
    case ICMP6_DST_UNREACH_NOROUTE:
      return IcmpMeaning::no_route;
    case ICMP6_DST_UNREACH_ADDR:
    case ICMP6_DST_UNREACH_BEYONDSCOPE:
      return IcmpMeaning::no_host;
    case ICMP6_DST_UNREACH_NOPORT:
      return IcmpMeaning::no_service;
    case ICMP6_DST_UNREACH_ADMIN:
    case kPolicyOfSource:
    case kRejectRoute:
      return IcmpMeaning::filtered;
    default:
      return IcmpMeaning::nothing;
  }
}

}  // namespace

IcmpMeaning meaning_of_icmp(bool ipv6, uint8_t type, uint8_t code) {
  return ipv6 ? meaning_of_icmp6(type, code) : meaning_of_icmp4(type, code);
}

ProbeResult words_for_icmp(const ProbeAnswer& error, const IpAddress& vip) {
  const std::string sender = " from " + error.from.to_string();
  const std::string lacks =
      "it lacks the VIP and passes on what is for it: run `sudo scripts/real-server apply " +
      vip.to_string() + "` on it, and turn forwarding off";
  const std::string rejects =
      "a firewall of " + error.from.to_string() + " rejects it: look at `nft list ruleset` there";
  switch (meaning_of_icmp(error.to.is_v6(), error.icmp_type, error.icmp_code)) {
    case IcmpMeaning::no_route:
      return {false, "ICMP network unreachable" + sender, lacks, ProbeShape::passed_on};
    case IcmpMeaning::no_host:
      return {false, "ICMP host unreachable" + sender, lacks, ProbeShape::passed_on};
    case IcmpMeaning::loops:
      return {false, "ICMP time exceeded" + sender, lacks, ProbeShape::passed_on};
    case IcmpMeaning::filtered:
      return {false, "ICMP prohibited" + sender, rejects};
    case IcmpMeaning::no_service:
    case IcmpMeaning::nothing:
      break;
  }
  const bool is_tcp = error.flow.protocol == IPPROTO_TCP;  // whose closed ports answer with RST
  return {false, "ICMP port unreachable" + sender,
          is_tcp ? rejects : "nothing listens on the VIP there: look at `ss -lun`; or " + rejects,
          ProbeShape::closed};
}

}  // namespace turnout
