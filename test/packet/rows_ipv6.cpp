// IPv6: forwarded as IPv4 is, dropped for its own reasons, and answered with Neighbor Discovery instead of
// ARP.
#include "test/packet/rows.h"
#include "test/support/frame_changes.h"
#include "test/support/frames6.h"
#include "test/support/neighbor_frames.h"

namespace turnout {

namespace {

using enum DropReason;

const ExtensionHeader6 kOptions{60, {0, 1, 4, 0, 0, 0, 0}};

Bytes syn6() {
  return tcp6_frame({}, kSyn, payload(10));
}
FrameFields6 with_headers(std::vector<ExtensionHeader6> headers) {
  FrameFields6 fields;
  fields.extension_headers = std::move(headers);
  return fields;
}
FrameFields6 to(const std::string& destination, uint16_t port = 80) {
  FrameFields6 fields;
  fields.destination = destination;
  fields.destination_port = port;
  return fields;
}
Row to_web6(std::string sentence, const Bytes& frame, Arrival how = {}) {
  return forwarded("IPv6, " + std::move(sentence), kFront, frame,
                   {kBack, redirected(frame, kWebMac, kBackMac)}, how);
}
Row to_name6(std::string sentence, const Bytes& frame) {
  return forwarded("IPv6, " + std::move(sentence), kFront, frame,
                   {kBack, redirected(frame, kNameMac, kBackMac)});
}
Row not_forwarded(std::string sentence, const Bytes& frame, DropReason reason, Arrival how = {}) {
  return dropped_at("IPv6, " + std::move(sentence), kFront, frame, reason, how);
}

void add_unserved6(std::vector<Row>& rows) {
  rows.push_back(not_forwarded("no service at that port", tcp6_frame(to(kVip6, 81), kSyn), no_service));
  rows.push_back(not_forwarded("no service with that protocol", udp6_frame(to(kVip6, 80)), no_service));
  rows.push_back(
      not_forwarded("an address that is nobody's", tcp6_frame(to("2001:db8::99"), kSyn), not_our_address));
  rows.push_back(not_forwarded("a real server's own address", tcp6_frame(to("2001:db8:0:1::11"), kSyn),
                               not_our_address));
  rows.push_back(not_forwarded("TCP to the director's own address", tcp6_frame(to("2001:db8::2"), kSyn),
                               own_address_unserved));
  rows.push_back(not_forwarded("GRE to a VIP", ip6_frame({}, 47, payload(20)), unsupported_protocol));
  rows.push_back(not_forwarded("ESP behind options to a VIP",
                               ip6_frame(with_headers({kOptions}), 50, payload(20)), unsupported_protocol));
  FrameFields6 other;
  other.to_mac = "02:00:00:00:09:99";
  rows.push_back(not_forwarded("to another station", tcp6_frame(other, kSyn), not_our_mac));
  FrameFields6 group;
  group.to_mac = "33:33:00:00:00:fb";
  group.destination = "ff02::fb";
  rows.push_back(not_forwarded("multicast DNS", udp6_frame(group, payload(20)), not_our_mac));
  group.hop_limit = 255;
  rows.push_back(
      not_forwarded("a router's advertisement", icmp6_frame(group, 134, 0, payload(12)), not_our_mac));
  rows.push_back(not_forwarded("a VLAN that no port has", tagged(syn6(), 7), unknown_vlan));
}

void add_unsound(std::vector<Row>& rows) {
  for (const size_t size : {kIpAt, kIpAt + 39, kTransport6At, kTransport6At + 19, syn6().size() - 1}) {
    rows.push_back(
        not_forwarded("cut to " + std::to_string(size) + " octets", cut_to(syn6(), size), truncated));
  }
  rows.push_back(
      not_forwarded("two buffers, the first with half a header", syn6(), truncated, {.split_at = 40}));
  rows.push_back(
      not_forwarded("an IPv4 packet under its type", with_octets(syn6(), kIpAt, {0x45}), bad_ip_header));
  rows.push_back(
      not_forwarded("a payload length of 0", with_octets(syn6(), kIpAt + 4, {0, 0}), bad_transport_header));
  rows.push_back(not_forwarded(
      "an extension header beyond its end",
      with_octets(tcp6_frame(with_headers({kOptions}), kSyn), kTransport6At + 1, {0xFF}), bad_ip_header));
  rows.push_back(not_forwarded("nine extension headers",
                               tcp6_frame(with_headers(std::vector(9, kOptions)), kSyn), extension_headers));
  rows.push_back(not_forwarded(
      "a source route", tcp6_frame(with_headers({{43, {0, 0, 1, 0, 0, 0, 0}}}), kSyn), extension_headers));
  for (const char* source : {"::", "::1", "ff02::1", "::ffff:203.0.113.7"}) {
    FrameFields6 fields;
    fields.source = source;
    rows.push_back(not_forwarded(std::string("from ") + source, tcp6_frame(fields, kSyn), martian_source));
  }
  rows.push_back(not_forwarded("a TCP data offset of 4 words",
                               with_octets(syn6(), kTransport6At + 12, {0x40}), bad_transport_header));
}

/// On the front port; a MAC as a group's, or the port's own.
Bytes who_has(const std::string& target, const std::string& to_mac, const std::string& destination) {
  return solicitation({.to_mac = to_mac, .destination = destination, .target = target});
}
Bytes it_is_here(const std::string& target) {
  return advertisement({.to_mac = "02:00:00:00:00:ee",
                        .from_mac = kFrontMac,
                        .source = target,
                        .destination = "2001:db8::7",
                        .target = target,
                        .option = kFrontMac},
                       0x60);
}
Row solicited(std::string sentence, const std::string& target, const std::string& to_mac,
              const std::string& destination) {
  return answered(std::move(sentence), kFront, who_has(target, to_mac, destination), PuntKind::ndp,
                  it_is_here(target));
}

void add_neighbors(std::vector<Row>& rows) {
  rows.push_back(solicited("who has the IPv6 VIP", kVip6, "33:33:ff:00:01:00", "ff02::1:ff00:100"));
  rows.push_back(
      solicited("do you still have the IPv6 VIP, asked of the port alone", kVip6, kFrontMac, kVip6));
  rows.push_back(solicited("who has the director's own IPv6 address", "2001:db8::2", "33:33:ff:00:00:02",
                           "ff02::1:ff00:2"));
  rows.push_back(unanswered("who has an IPv6 address that is nobody's", kFront,
                            who_has("2001:db8::99", "33:33:ff:00:00:99", "ff02::1:ff00:99"), PuntKind::ndp));
  const Bytes routed = with_octets(who_has(kVip6, "33:33:ff:00:01:00", "ff02::1:ff00:100"), kIpAt + 7, {254});
  rows.push_back(dropped_at("a solicitation that came through a router", kFront, routed, not_our_mac));
  FrameFields6 own;
  own.hop_limit = 254;
  rows.push_back(dropped_at("a solicitation that came through a router, to the VIP", kFront,
                            icmp6_frame(own, 135, 0, payload(20)), icmp_unsupported));
}

Bytes pong(const FrameFields6& ping, size_t port, const Bytes& data) {
  FrameFields6 fields = ping;
  fields.to_mac = ping.from_mac;
  fields.from_mac = port_mac(port);
  std::swap(fields.source, fields.destination);
  fields.hop_limit = 64;
  fields.flow_label = 0;
  fields.extension_headers.clear();
  return padded(icmp6_frame(fields, 129, 0, data));
}
Row ping(std::string sentence, const FrameFields6& fields, const Bytes& data = payload(36)) {
  return answered(std::move(sentence), kFront, icmp6_frame(fields, 128, 0, data), PuntKind::icmp_echo,
                  pong(fields, kFront, data));
}

void add_pings(std::vector<Row>& rows) {
  rows.push_back(ping("ping the IPv6 VIP", {}));
  rows.push_back(ping("ping the IPv6 VIP with an odd number of octets", {}, payload(37)));
  rows.push_back(ping("ping the IPv6 VIP with a full frame", {}, payload(1456)));
  rows.push_back(ping("ping the director's own IPv6 address", to("2001:db8::2")));
  rows.push_back(ping("ping the other port's own IPv6 address", to("2001:db8:0:1::2")));
  rows.push_back(dropped_at("ping an IPv6 VIP that does not answer", kFront,
                            icmp6_frame(to(kSilentVip6), 128, 0, payload(8)), echo_off));
  rows.push_back(dropped_at("ping an IPv6 address that is nobody's", kFront,
                            icmp6_frame(to("2001:db8::99"), 128, 0, payload(8)), not_our_address));
  rows.push_back(dropped_at("an IPv6 echo reply to the VIP", kFront, icmp6_frame({}, 129, 0, payload(8)),
                            icmp_unsupported));
  rows.push_back(unanswered("a ping with a wrong ICMPv6 checksum", kFront,
                            with_octets(icmp6_frame({}, 128, 0, payload(8)), kTransport6At + 2, {0, 0}),
                            PuntKind::icmp_echo));
}

}  // namespace

std::vector<Row> ipv6_forwarded_rows() {
  std::vector<Row> rows;
  rows.push_back(to_web6("a SYN", syn6()));
  rows.push_back(to_web6("data", tcp6_frame({}, kAck | kPsh, payload(100))));
  rows.push_back(to_name6("a datagram", udp6_frame(to(kVip6, 53), payload(40))));
  rows.push_back(
      to_web6("eight extension headers", tcp6_frame(with_headers(std::vector(8, kOptions)), kAck)));
  rows.push_back(to_web6("a source route that has ended",
                         tcp6_frame(with_headers({{43, {0, 0, 0, 0, 0, 0, 0}}}), kAck)));
  rows.push_back(
      to_web6("an atomic fragment", tcp6_frame(with_headers({fragment_header6(7, 0, false)}), kAck)));
  FrameFields6 last_hop;
  last_hop.hop_limit = 1;
  last_hop.traffic_class = 0xBB;
  rows.push_back(to_web6("a hop limit of 1, DSCP and ECN stay", tcp6_frame(last_hop, kAck)));
  rows.push_back(to_web6("padding", padded(tcp6_frame({}, kAck), 100)));
  rows.push_back(to_web6("1514 octets", tcp6_frame({}, kAck, payload(1440))));
  rows.push_back(
      to_web6("9014 octets in two buffers", tcp6_frame({}, kAck, payload(8940)), {.split_at = 2048}));
  const Bytes one_arm = tcp6_frame(to(kOneArmVip6, 443), kSyn);
  rows.push_back(
      forwarded("IPv6, one-armed", kFront, one_arm, {kFront, redirected(one_arm, kOneArmMac, kFrontMac)}));
  FrameFields6 back;
  back.to_mac = kBackMac;
  const Bytes by_back = tcp6_frame(back, kSyn);
  rows.push_back(
      forwarded("IPv6, by the back port", kBack, by_back, {kBack, redirected(by_back, kWebMac, kBackMac)}));
  return rows;
}

std::vector<Row> ipv6_dropped_rows() {
  std::vector<Row> rows;
  add_unserved6(rows);
  add_unsound(rows);
  return rows;
}

std::vector<Row> ipv6_control_rows() {
  std::vector<Row> rows;
  add_neighbors(rows);
  add_pings(rows);
  return rows;
}

}  // namespace turnout
