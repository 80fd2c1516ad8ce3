#include "control/mld.h"

#include <algorithm>
#include <array>

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <rte_byteorder.h>
#include <rte_ip.h>

#include "control/ip_frame.h"
#include "control/ndp.h"

namespace turnout {
namespace {

constexpr uint8_t kListenerReport2 = 143;  // RFC 3810 5.2
constexpr uint8_t kModeIsExclude = 2;      // RFC 3810 5.2.12
constexpr uint8_t kChangeToExclude = 4;
constexpr size_t kQuery1Length = 24;  // RFC 3810 8.1 tells the versions apart by it

constexpr uint8_t kReportHopLimit = 1;
constexpr size_t kSmallestMtu = 1280;  // RFC 8200 5
constexpr Ipv6Octets kReportReaders{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x16};
constexpr Ipv6Octets kLinkAllNodes{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01};

/// Router Alert of value 0, "a message of MLD" (RFC 2711 2.1).
constexpr std::array<uint8_t, 4> kRouterAlert{5, 2, 0, 0};

struct WireHopByHop {
  uint8_t next_header = IPPROTO_ICMPV6;
  uint8_t length = 0;  // one unit of eight octets
  std::array<uint8_t, 4> router_alert = kRouterAlert;
  std::array<uint8_t, 2> padding{1, 0};  // PadN
};
static_assert(sizeof(WireHopByHop) == 8);

struct WireQuery {
  uint8_t type;
  uint8_t code;
  rte_be16_t checksum;
  rte_be16_t response_delay;
  rte_be16_t reserved;
  Ipv6Octets group;
};
static_assert(sizeof(WireQuery) == kQuery1Length);

struct WireQuery2 {
  WireQuery query;
  uint8_t robustness;
  uint8_t interval;
  rte_be16_t sources;  // of as many addresses that follow
};
static_assert(sizeof(WireQuery2) == 28);

struct WireReport {
  uint8_t type;
  uint8_t reserved;
  rte_be16_t checksum;
  rte_be16_t more_reserved;
  rte_be16_t records;
};
static_assert(sizeof(WireReport) == 8);

struct WireRecord {
  uint8_t type;
  uint8_t auxiliary_length;
  rte_be16_t sources;
  Ipv6Octets group;
};
static_assert(sizeof(WireRecord) == 20);

constexpr size_t kMostRecords =
    (kSmallestMtu - sizeof(rte_ipv6_hdr) - sizeof(WireHopByHop) - sizeof(WireReport)) / sizeof(WireRecord);

/// parse_ip_frame() has found the options to be well-formed.
bool has_router_alert(const IpFrame& ip) {
  const auto header = ip.packet.subspan(sizeof(rte_ipv6_hdr));
  if (ip.packet[offsetof(rte_ipv6_hdr, proto)] != IPPROTO_HOPOPTS) return false;
  auto options = header.first(8 * (size_t{1} + header[1])).subspan(2);
  while (!options.empty()) {
    const size_t length = options[0] == 0 ? 1 : size_t{2} + options[1];  // Pad1 is alone in having no length
    if (std::ranges::equal(options.first(length), kRouterAlert)) return true;
    options = options.subspan(length);
  }
  return false;
}

/// Of version 1 or 2, or later if it begins as version 2 does (RFC 3810 5.1.12 and 8.1).
bool has_length_of_a_query(std::span<const uint8_t> message) {
  if (message.size() == kQuery1Length) return true;
  WireQuery2 query;
  if (!read_header(message, query)) return false;
  return message.size() - sizeof query >= rte_be_to_cpu_16(query.sources) * sizeof(Ipv6Octets);
}

/// Neither all nodes nor of a scope that doesn't leave this host (RFC 3810 6).
bool is_reported(const IpAddress& group) {
  if (!group.is_v6() || !group.is_multicast()) return false;
  const Ipv6Octets octets = to_octets16(group);
  constexpr uint8_t kInterfaceScope = 1;
  return (octets[1] & 0x0f) > kInterfaceScope && octets != kLinkAllNodes;
}

std::vector<uint8_t> make_report(const MacAddress& our_mac, std::span<const IpAddress> groups,
                                 uint8_t record_type) {
  std::vector<uint8_t> message;
  append(message, WireReport{.type = kListenerReport2,
                             .reserved = 0,
                             .checksum = 0,
                             .more_reserved = 0,
                             .records = rte_cpu_to_be_16(static_cast<uint16_t>(groups.size()))});
  for (const IpAddress& group : groups) {
    append(message,
           WireRecord{.type = record_type, .auxiliary_length = 0, .sources = 0, .group = to_octets16(group)});
  }
  const IpAddress readers = from_octets16(kReportReaders);
  const IpRoute route{.from_mac = our_mac,
                      .to_mac = multicast_mac(readers),
                      .source = link_local_of(our_mac),
                      .destination = readers,
                      .hop_limit = kReportHopLimit};
  put_icmp6_checksum(message, route.source, route.destination);
  std::vector<uint8_t> content;
  append(content, WireHopByHop{});
  content.insert(content.end(), message.begin(), message.end());
  return make_ip_frame(route, IPPROTO_HOPOPTS, content);
}

}  // namespace

bool is_mld_query(std::span<const uint8_t> frame) {
  const auto ip = parse_ip_frame(frame);
  if (!ip || ip->protocol != IPPROTO_ICMPV6 || ip->hop_limit != kReportHopLimit) return false;
  if (!ip->source.is_v6() || !ip->source.to_v6().is_link_local() || ip->has_fragment_header) return false;
  WireQuery query;
  if (!has_router_alert(*ip) || !read_header(ip->content, query)) return false;
  if (query.type != MLD_LISTENER_QUERY || !has_length_of_a_query(ip->content)) return false;
  const IpAddress group = from_octets16(query.group);
  if (!group.is_unspecified() && !group.is_multicast()) return false;
  return transport_checksum(ip->source, ip->destination, IPPROTO_ICMPV6, ip->content) == 0;
}

std::vector<std::vector<uint8_t>> make_mld_reports(const MacAddress& our_mac,
                                                   const std::vector<IpAddress>& groups, bool joining) {
  std::vector<IpAddress> reported;
  std::ranges::copy_if(groups, std::back_inserter(reported), is_reported);
  std::vector<std::vector<uint8_t>> reports;
  for (std::span<const IpAddress> rest = reported; !rest.empty();) {
    const auto now = rest.first(std::min(rest.size(), kMostRecords));
    reports.push_back(make_report(our_mac, now, joining ? kChangeToExclude : kModeIsExclude));
    rest = rest.subspan(now.size());
  }
  return reports;
}

}  // namespace turnout
