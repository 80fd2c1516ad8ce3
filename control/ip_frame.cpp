#include "control/ip_frame.h"

#include <algorithm>

#include <netinet/in.h>
#include <rte_byteorder.h>
#include <rte_ip.h>

namespace turnout {
namespace {

constexpr uint8_t kLooseSourceRoute = 131;  // RFC 791, with the "copied" bit
constexpr uint8_t kStrictSourceRoute = 137;

constexpr uint32_t kIpv6Version = 6;
constexpr int kMostExtensionHeaders = 8;
constexpr size_t kExtensionUnit = 8;  // their lengths are counted in it (RFC 8200 4)
constexpr uint8_t kPad1 = 0;          // RFC 8200 4.2

/// Neither source-routed nor malformed.
bool may_ignore_options(std::span<const uint8_t> options) {
  while (!options.empty() && options[0] != RTE_IPV4_HDR_OPT_EOL) {
    if (options[0] == kLooseSourceRoute || options[0] == kStrictSourceRoute) return false;
    size_t length = 1;
    if (options[0] != RTE_IPV4_HDR_OPT_NOP) {
      if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) return false;
      length = options[1];
    }
    options = options.subspan(length);
  }
  return true;
}

bool read_ipv4(std::span<const uint8_t> bytes, IpFrame& frame) {
  rte_ipv4_hdr ip;
  if (!read_header(bytes, ip)) return false;
  const size_t header_length = rte_ipv4_hdr_len(&ip);
  const size_t total_length = rte_be_to_cpu_16(ip.total_length);
  if (ip.version != IPVERSION || header_length < sizeof ip) return false;
  if (total_length < header_length || total_length > bytes.size()) return false;
  if (internet_checksum(bytes.first(header_length)) != 0) return false;  // RFC 1122 3.2.1.2
  if (!may_ignore_options(bytes.subspan(sizeof ip, header_length - sizeof ip))) return false;

  const uint16_t fragment = rte_be_to_cpu_16(ip.fragment_offset);
  frame.source = from_be32(ip.src_addr);
  frame.destination = from_be32(ip.dst_addr);
  frame.hop_limit = ip.time_to_live;
  frame.dont_fragment = (fragment & RTE_IPV4_HDR_DF_FLAG) != 0;
  frame.has_more_fragments = (fragment & RTE_IPV4_HDR_MF_FLAG) != 0;
  frame.fragment_offset = size_t{RTE_IPV4_HDR_OFFSET_UNITS} * (fragment & RTE_IPV4_HDR_OFFSET_MASK);
  frame.protocol = ip.next_proto_id;
  frame.protocol_at = offsetof(rte_ipv4_hdr, next_proto_id);
  frame.packet = bytes.first(total_length);
  frame.content = frame.packet.subspan(header_length);
  return true;
}

/// None that's malformed, or that those who don't know it must discard the packet for: the two highest bits
/// of its type say so (RFC 8200 4.2).
bool may_ignore_options6(std::span<const uint8_t> options) {
  while (!options.empty()) {
    size_t length = 1;
    if (options[0] != kPad1) {
      if (options.size() < 2) return false;
      length = size_t{2} + options[1];
    }
    if (length > options.size() || options[0] >> 6 != 0) return false;
    options = options.subspan(length);
  }
  return true;
}

bool read_fragment_header(IpFrame& frame) {
  rte_ipv6_fragment_ext header;
  if (frame.has_fragment_header || !read_header(frame.content, header)) return false;
  const uint16_t fragment = rte_be_to_cpu_16(header.frag_data);
  frame.has_fragment_header = true;
  frame.has_more_fragments = RTE_IPV6_GET_MF(fragment) != 0;
  frame.fragment_offset = fragment & size_t{0xfff8};  // counted in eights, and so written in bytes
  return true;
}

/// Hop-by-hop options stand first or not at all (RFC 8200 4.1). After the header of a later fragment there
/// are data, whatever they look like.
bool is_passed_over(const IpFrame& frame) {
  if (frame.fragment_offset != 0) return false;
  if (frame.protocol == IPPROTO_HOPOPTS) return !frame.has_extension_headers();
  return frame.protocol == IPPROTO_DSTOPTS || frame.protocol == IPPROTO_FRAGMENT;
}

bool pass_over_header(IpFrame& frame) {
  if (frame.content.size() < kExtensionUnit) return false;
  size_t length = kExtensionUnit;
  if (frame.protocol == IPPROTO_FRAGMENT) {
    if (!read_fragment_header(frame)) return false;
  } else {
    length *= size_t{1} + frame.content[1];
    if (length > frame.content.size()) return false;
    if (!may_ignore_options6(frame.content.subspan(2, length - 2))) return false;
  }
  frame.protocol_at = frame.packet.size() - frame.content.size();
  frame.protocol = frame.content[0];
  frame.content = frame.content.subspan(length);
  return true;
}

bool read_ipv6(std::span<const uint8_t> bytes, IpFrame& frame) {
  rte_ipv6_hdr ip;
  if (!read_header(bytes, ip)) return false;
  const size_t length = sizeof ip + rte_be_to_cpu_16(ip.payload_len);
  if (rte_be_to_cpu_32(ip.vtc_flow) >> 28 != kIpv6Version || length > bytes.size()) return false;

  frame.source = from_octets16(ip.src_addr);
  frame.destination = from_octets16(ip.dst_addr);
  frame.hop_limit = ip.hop_limits;
  frame.dont_fragment = true;
  frame.protocol = ip.proto;
  frame.protocol_at = offsetof(rte_ipv6_hdr, proto);
  frame.packet = bytes.first(length);
  frame.content = frame.packet.subspan(sizeof ip);
  for (int passed = 0; is_passed_over(frame); ++passed) {
    if (passed == kMostExtensionHeaders || !pass_over_header(frame)) return false;
  }
  return true;
}

void write_octets(const IpAddress& address, uint8_t* to) {
  const Ipv6Octets octets = to_octets16(address);
  std::copy(octets.begin(), octets.end(), to);
}

rte_ipv4_hdr ipv4_header(const IpRoute& route, uint8_t protocol, size_t content_length) {
  rte_ipv4_hdr ip{};
  ip.version_ihl = RTE_IPV4_VHL_DEF;
  ip.type_of_service = route.traffic_class;
  ip.total_length = rte_cpu_to_be_16(static_cast<uint16_t>(sizeof ip + content_length));
  ip.fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG);  // and so needs no identification (RFC 6864 4.1)
  ip.time_to_live = route.hop_limit;
  ip.next_proto_id = protocol;
  ip.src_addr = to_be32(route.source);
  ip.dst_addr = to_be32(route.destination);
  ip.hdr_checksum = rte_ipv4_cksum(&ip);
  return ip;
}

rte_ipv6_hdr ipv6_header(const IpRoute& route, uint8_t protocol, size_t content_length) {
  rte_ipv6_hdr ip{};
  ip.vtc_flow = rte_cpu_to_be_32(kIpv6Version << 28 | uint32_t{route.traffic_class} << RTE_IPV6_HDR_TC_SHIFT);
  ip.payload_len = rte_cpu_to_be_16(static_cast<uint16_t>(content_length));
  ip.proto = protocol;
  ip.hop_limits = route.hop_limit;
  write_octets(route.source, ip.src_addr);
  write_octets(route.destination, ip.dst_addr);
  return ip;
}

uint16_t pseudo_header_sum(const IpRoute& route, uint8_t protocol, size_t content_length) {
  if (route.source.is_v4()) {
    const rte_ipv4_hdr ip = ipv4_header(route, protocol, content_length);
    return rte_ipv4_phdr_cksum(&ip, 0);
  }
  const rte_ipv6_hdr ip = ipv6_header(route, protocol, content_length);
  return rte_ipv6_phdr_cksum(&ip, 0);
}

}  // namespace

bool IpFrame::has_extension_headers() const {
  return source.is_v6() && packet.size() - content.size() != sizeof(rte_ipv6_hdr);
}

std::optional<IpFrame> parse_ip_frame(std::span<const uint8_t> frame) {
  rte_ether_hdr ethernet;
  if (!read_header(frame, ethernet)) return std::nullopt;
  IpFrame ip;
  ip.source_mac = MacAddress{ethernet.src_addr};
  ip.destination_mac = MacAddress{ethernet.dst_addr};
  const std::span<const uint8_t> bytes = frame.subspan(kEthernetLength);
  const bool is_sound = (ethernet.ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4) && read_ipv4(bytes, ip)) ||
                        (ethernet.ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6) && read_ipv6(bytes, ip));
  if (!is_sound) return std::nullopt;
  return ip;
}

bool can_be_a_host(const IpAddress& address) {
  if (address.is_v4()) {
    const uint8_t first_octet = address.to_v4().to_bytes()[0];
    return first_octet != 0 && first_octet != 127 && first_octet < 224;
  }
  const auto v6 = address.to_v6();
  return !v6.is_unspecified() && !v6.is_loopback() && !v6.is_multicast() && !v6.is_v4_mapped();
}

bool is_between_hosts(const IpFrame& frame) {
  return frame.source_mac.is_unicast() && frame.destination_mac.is_unicast() && can_be_a_host(frame.source) &&
         can_be_a_host(frame.destination);
}

uint16_t internet_checksum(std::span<const uint8_t> bytes) {
  return static_cast<uint16_t>(~rte_raw_cksum(bytes.data(), bytes.size()));
}

uint16_t transport_checksum(const IpAddress& source, const IpAddress& destination, uint8_t protocol,
                            std::span<const uint8_t> content) {
  IpRoute route;
  route.source = source;
  route.destination = destination;
  const uint32_t sum = uint32_t{rte_raw_cksum(content.data(), content.size())} +
                       pseudo_header_sum(route, protocol, content.size());
  return static_cast<uint16_t>(~((sum & 0xffff) + (sum >> 16)));
}

std::vector<uint8_t> make_ip_frame(const IpRoute& route, uint8_t protocol, std::span<const uint8_t> content) {
  const bool is_v4 = route.source.is_v4();
  rte_ether_hdr ethernet{};
  ethernet.dst_addr = route.to_mac.octets;
  ethernet.src_addr = route.from_mac.octets;
  ethernet.ether_type = is_v4 ? RTE_BE16(RTE_ETHER_TYPE_IPV4) : RTE_BE16(RTE_ETHER_TYPE_IPV6);

  std::vector<uint8_t> frame;
  frame.reserve(std::max(kEthernetLength + sizeof(rte_ipv6_hdr) + content.size(), kShortestOnWire));
  append(frame, ethernet);
  if (is_v4) {
    append(frame, ipv4_header(route, protocol, content.size()));
  } else {
    append(frame, ipv6_header(route, protocol, content.size()));
  }
  frame.insert(frame.end(), content.begin(), content.end());
  frame.resize(std::max(frame.size(), kShortestOnWire));
  return frame;
}

void put_icmp6_checksum(std::vector<uint8_t>& message, const IpAddress& source,
                        const IpAddress& destination) {
  constexpr size_t kChecksumAt = 2;
  const uint16_t checksum = transport_checksum(source, destination, IPPROTO_ICMPV6, message);
  std::memcpy(message.data() + kChecksumAt, &checksum, sizeof checksum);
}

}  // namespace turnout
