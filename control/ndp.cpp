#include "control/ndp.h"

#include <algorithm>

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <rte_byteorder.h>

#include "control/ip_frame.h"

namespace turnout {
namespace {

constexpr uint8_t kHopLimit = 255;  // no router has passed it on (RFC 4861 3.1)

constexpr uint32_t kRouter = 1u << 31;  // flags of an advertisement
constexpr uint32_t kSolicited = 1u << 30;
constexpr uint32_t kOverride = 1u << 29;

constexpr Ipv6Octets kAllNodes{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01};
constexpr Ipv6Octets kSolicitedNodes{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff, 0, 0, 0};
constexpr size_t kSolicitedNodePrefix = 13;  // octets

/// A solicitation or advertisement as it is on the wire, without options.
struct WireMessage {
  uint8_t type;
  uint8_t code;
  rte_be16_t checksum;
  rte_be32_t flags;  // reserved in a solicitation
  Ipv6Octets target;
};
static_assert(sizeof(WireMessage) == 24);

struct WireOption {
  uint8_t type;
  uint8_t length;  // in units of its own size
  rte_ether_addr mac;
};
static_assert(sizeof(WireOption) == 8);

struct Message {
  IpFrame frame;
  WireMessage wire;
  std::optional<MacAddress> mac;  // of the option that was looked for
};

/// Finds the link-layer address of `type`. False if an option is malformed, or such an address is not the one
/// that the frame is from.
bool read_options(std::span<const uint8_t> options, uint8_t type, Message& message) {
  while (!options.empty()) {
    WireOption option;
    if (!read_header(options, option)) return false;
    const size_t length = option.length * sizeof option;
    if (length == 0 || length > options.size()) return false;
    if (option.type == type) {
      if (length != sizeof option || MacAddress{option.mac} != message.frame.source_mac) return false;
      message.mac = MacAddress{option.mac};
    }
    options = options.subspan(length);
  }
  return true;
}

/// What RFC 4861 7.1.1 and 7.1.2 ask of both.
std::optional<Message> parse_message(std::span<const uint8_t> frame, uint8_t type, uint8_t option_type) {
  const auto ip = parse_ip_frame(frame);
  if (!ip || ip->protocol != IPPROTO_ICMPV6 || ip->hop_limit != kHopLimit) return std::nullopt;
  if (!ip->source.is_v6() || ip->has_extension_headers()) return std::nullopt;
  Message message{.frame = *ip, .wire = {}, .mac = {}};
  if (!read_header(ip->content, message.wire)) return std::nullopt;
  if (message.wire.type != type || message.wire.code != 0) return std::nullopt;
  if (transport_checksum(ip->source, ip->destination, IPPROTO_ICMPV6, ip->content) != 0) return std::nullopt;
  if (!can_be_a_host(from_octets16(message.wire.target))) return std::nullopt;
  if (!ip->source_mac.is_unicast()) return std::nullopt;
  if (!read_options(ip->content.subspan(sizeof message.wire), option_type, message)) return std::nullopt;
  return message;
}

bool is_solicited_node(const IpAddress& address) {
  return std::equal(kSolicitedNodes.begin(), kSolicitedNodes.begin() + kSolicitedNodePrefix,
                    to_octets16(address).begin());
}

bool is_sound_probe(const Message& message) {
  return is_solicited_node(message.frame.destination) && !message.mac;
}

std::vector<uint8_t> make_frame(IpRoute route, WireMessage wire, std::optional<WireOption> option) {
  route.hop_limit = kHopLimit;
  std::vector<uint8_t> message;
  append(message, wire);
  if (option) append(message, *option);
  put_icmp6_checksum(message, route.source, route.destination);
  return make_ip_frame(route, IPPROTO_ICMPV6, message);
}

std::vector<uint8_t> make_solicitation(const IpRoute& route, const IpAddress& wanted) {
  const WireMessage wire{
      .type = ND_NEIGHBOR_SOLICIT, .code = 0, .checksum = 0, .flags = 0, .target = to_octets16(wanted)};
  // A probe has no address yet that a MAC could be learnt for (RFC 4861 4.3).
  if (route.source.is_unspecified()) return make_frame(route, wire, std::nullopt);
  return make_frame(route, wire,
                    WireOption{.type = ND_OPT_SOURCE_LINKADDR, .length = 1, .mac = route.from_mac.octets});
}

std::vector<uint8_t> make_advertisement(const IpRoute& route, uint32_t flags) {
  const WireMessage wire{.type = ND_NEIGHBOR_ADVERT,
                         .code = 0,
                         .checksum = 0,
                         .flags = rte_cpu_to_be_32(flags),
                         .target = to_octets16(route.source)};
  return make_frame(route, wire,
                    WireOption{.type = ND_OPT_TARGET_LINKADDR, .length = 1, .mac = route.from_mac.octets});
}

}  // namespace

std::optional<NeighborSolicitation> parse_neighbor_solicitation(std::span<const uint8_t> frame) {
  const auto message = parse_message(frame, ND_NEIGHBOR_SOLICIT, ND_OPT_SOURCE_LINKADDR);
  if (!message) return std::nullopt;
  const IpFrame& ip = message->frame;
  if (ip.source.is_unspecified() ? !is_sound_probe(*message) : !can_be_a_host(ip.source)) return std::nullopt;
  return NeighborSolicitation{.source = ip.source,
                              .target = from_octets16(message->wire.target),
                              .source_mac = message->mac,
                              .frame_source = ip.source_mac,
                              .frame_destination = ip.destination_mac};
}

std::optional<NeighborAdvertisement> parse_neighbor_advertisement(std::span<const uint8_t> frame) {
  const auto message = parse_message(frame, ND_NEIGHBOR_ADVERT, ND_OPT_TARGET_LINKADDR);
  if (!message || !can_be_a_host(message->frame.source)) return std::nullopt;
  const uint32_t flags = rte_be_to_cpu_32(message->wire.flags);
  const bool is_solicited = (flags & kSolicited) != 0;
  if (is_solicited && message->frame.destination.is_multicast()) return std::nullopt;
  return NeighborAdvertisement{.source = message->frame.source,
                               .target = from_octets16(message->wire.target),
                               .target_mac = message->mac,
                               .solicited = is_solicited,
                               .override = (flags & kOverride) != 0,
                               .router = (flags & kRouter) != 0,
                               .frame_source = message->frame.source_mac,
                               .frame_destination = message->frame.destination_mac};
}

std::vector<uint8_t> make_neighbor_solicitation(const MacAddress& from_mac, const IpAddress& from,
                                                const IpAddress& wanted) {
  const IpAddress group = solicited_node(wanted);
  return make_solicitation(
      {.from_mac = from_mac, .to_mac = multicast_mac(group), .source = from, .destination = group}, wanted);
}

std::vector<uint8_t> make_neighbor_check(const MacAddress& from_mac, const IpAddress& from,
                                         const MacAddress& to_mac, const IpAddress& wanted) {
  return make_solicitation({.from_mac = from_mac, .to_mac = to_mac, .source = from, .destination = wanted},
                           wanted);
}

std::vector<uint8_t> make_neighbor_advertisement(const NeighborSolicitation& asked,
                                                 const MacAddress& our_mac) {
  if (asked.is_probe()) return make_unsolicited_advertisement(our_mac, asked.target);
  return make_advertisement({.from_mac = our_mac,
                             .to_mac = asked.source_mac.value_or(asked.frame_source),
                             .source = asked.target,
                             .destination = asked.source},
                            kSolicited | kOverride);
}

std::vector<uint8_t> make_unsolicited_advertisement(const MacAddress& our_mac, const IpAddress& address) {
  const IpAddress group = from_octets16(kAllNodes);
  return make_advertisement(
      {.from_mac = our_mac, .to_mac = multicast_mac(group), .source = address, .destination = group},
      kOverride);
}

IpAddress solicited_node(const IpAddress& address) {
  Ipv6Octets group = kSolicitedNodes;
  const Ipv6Octets octets = to_octets16(address);
  std::copy(octets.begin() + kSolicitedNodePrefix, octets.end(), group.begin() + kSolicitedNodePrefix);
  return from_octets16(group);
}

MacAddress multicast_mac(const IpAddress& group) {
  const Ipv6Octets octets = to_octets16(group);
  return MacAddress{{{0x33, 0x33, octets[12], octets[13], octets[14], octets[15]}}};
}

IpAddress link_local_of(const MacAddress& mac) {
  constexpr uint8_t kUniversalBit = 0x02;  // of a MAC it says "local", of an identifier "universal"
  const uint8_t* o = mac.octets.addr_bytes;
  const auto first = static_cast<uint8_t>(o[0] ^ kUniversalBit);
  return from_octets16(
      Ipv6Octets{0xfe, 0x80, 0, 0, 0, 0, 0, 0, first, o[1], o[2], 0xff, 0xfe, o[3], o[4], o[5]});
}

}  // namespace turnout
