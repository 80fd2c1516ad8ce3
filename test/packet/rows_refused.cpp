// ICMP errors and fragments, which go where their flow goes; and what is told that it can't be forwarded.
#include "test/packet/rows.h"
#include "test/support/frame_changes.h"
#include "test/support/frames6.h"

namespace turnout {

namespace {

using enum DropReason;

constexpr const char* kRouter = "198.51.100.254";
constexpr const char* kRouter6 = "2001:db8:f::1";

FrameFields reply(uint16_t port) {
  FrameFields fields;
  fields.destination_port = port;
  return turned_round(fields);
}
FrameFields6 reply6(uint16_t port) {
  FrameFields6 fields;
  fields.destination_port = port;
  return turned_round(fields);
}
Bytes error(const Bytes& about, uint8_t type = 3) {
  return icmp_error({.source = kRouter}, type, ip_packet_of(about, 28));
}
Bytes error6(const Bytes& about, uint8_t type = 2) {
  return icmp6_error({.source = kRouter6}, type, ip_packet_of(about));
}
Row to_server(std::string sentence, const Bytes& frame, const char* mac) {
  return forwarded(std::move(sentence), kFront, frame, {kBack, redirected(frame, mac, kBackMac)});
}

void add_fragments(std::vector<Row>& rows) {
  const Bytes datagram = udp_frame({.destination_port = 53}, payload(100));
  const Bytes datagram6 = udp6_frame({.destination_port = 53}, payload(100));
  rows.push_back(to_server("the first fragment of a datagram", fragmented(datagram, 1, 64)[0], kNameMac));
  rows.push_back(
      to_server("the first fragment of an IPv6 datagram", fragmented6(datagram6, 1, 64)[0], kNameMac));
  rows.push_back(to_server("the first fragment of a TCP packet",
                           fragmented(tcp_frame({}, kAck, payload(100)), 2, 64)[0], kWebMac));
  rows.push_back(held_at("a later fragment alone", kFront, fragmented(datagram, 3, 64)[1]));
  rows.push_back(
      held_at("a later fragment of an IPv6 datagram alone", kFront, fragmented6(datagram6, 3, 64)[1]));
  rows.push_back(
      dropped_at("the first fragment of a ping", kFront, icmp_frame({.fragment = 0x2000}, 8), fragment));
  rows.push_back(
      dropped_at("a later fragment of a ping", kFront, ip_frame({.fragment = 8}, 1, payload(64)), fragment));
  rows.push_back(dropped_at("a fragment to an address that is nobody's", kFront,
                            ip_frame({.destination = "192.0.2.99", .fragment = 8}, 17, payload(64)),
                            not_our_address));
  rows.push_back(dropped_at("a fragment to the director's own address", kFront,
                            ip_frame({.destination = "192.0.2.2", .fragment = 8}, 17, payload(64)),
                            own_address_unserved));
}

/// From `from`, to whom `frame` came from.
FrameFields back4(const std::string& from) {
  return {.to_mac = kClientMac,
          .from_mac = kFrontMac,
          .source = from,
          .destination = "203.0.113.7",
          .time_to_live = 64,
          .id = 0};
}
FrameFields6 back6(const std::string& from) {
  return {.to_mac = kClientMac,
          .from_mac = kFrontMac,
          .source = from,
          .destination = "2001:db8:c::7",
          .flow_label = 0,
          .hop_limit = 64};
}
/// RST and ACK from port 81 to port 40000; the SYN had the sequence number 11223344.
Bytes reset() {
  return {0, 81, 0x9C, 0x40, 0, 0, 0, 0, 0x11, 0x22, 0x33, 0x45, 0x50, 0x14, 0, 0, 0, 0, 0, 0};
}

void add_rejected(std::vector<Row>& rows) {
  using namespace frames_detail;
  const FrameFields to{.destination = kRejectingVip, .destination_port = 81};
  Bytes tcp = reset();
  write_transport_checksum(tcp, 16, ip_bytes(kRejectingVip), ip_bytes("203.0.113.7"), 6);
  rows.push_back(answered("a SYN to a VIP that rejects", kFront, tcp_frame(to, kSyn), PuntKind::unmatched,
                          padded(ip_frame(back4(kRejectingVip), 6, tcp))));
  const FrameFields6 to6{.destination = kRejectingVip6, .destination_port = 81};
  Bytes tcp6 = reset();
  write_transport_checksum(tcp6, 16, ip6_bytes(kRejectingVip6), ip6_bytes("2001:db8:c::7"), 6);
  rows.push_back(answered("a SYN to an IPv6 VIP that rejects", kFront, tcp6_frame(to6, kSyn),
                          PuntKind::unmatched, padded(ip6_frame(back6(kRejectingVip6), 6, tcp6))));
  rows.push_back(unanswered("a RST to a VIP that rejects", kFront, tcp_frame(to, kRst), PuntKind::unmatched));
  rows.push_back(to_server("a SYN to the service of a VIP that rejects",
                           tcp_frame({.destination = kRejectingVip}, kSyn), kWebMac));
}

void add_too_big(std::vector<Row>& rows) {
  using namespace frames_detail;
  const Bytes frame = tcp_frame({.destination = kOneArmVip, .destination_port = 443}, kAck, payload(1461));
  Bytes icmp = joined({{3, 4, 0, 0, 0, 0, 0x05, 0xDC}, ip_packet_of(frame, 548)});
  write16(icmp, 2, checksum(icmp, 0, icmp.size()));
  rows.push_back(answered("one-armed, 1515 octets", kFront, frame, PuntKind::too_big,
                          ip_frame(back4("192.0.2.2"), 1, icmp)));
  const Bytes frame6 = tcp6_frame({.destination = kOneArmVip6, .destination_port = 443}, kAck, payload(1441));
  rows.push_back(answered(
      "one-armed, 1515 octets of IPv6", kFront, frame6, PuntKind::too_big,
      icmp6_frame(back6("2001:db8::2"), 2, 0, joined({{0, 0, 0x05, 0xDC}, ip_packet_of(frame6, 1232)}))));
  const FrameFields no_df{.destination = kOneArmVip, .destination_port = 443, .fragment = 0};
  rows.push_back(dropped_at("one-armed, 1515 octets that may be fragmented", kFront,
                            tcp_frame(no_df, kAck, payload(1461)), too_big));
}

void add_kernel(std::vector<Row>& rows) {
  const FrameFields own{.to_mac = kBackMac, .destination = "198.51.100.2", .destination_port = 22};
  rows.push_back(unanswered("TCP to the kernel", kBack, tcp_frame(own, kSyn), PuntKind::kernel));
  rows.push_back(unanswered("a fragment to the kernel", kBack,
                            fragmented(udp_frame(own, payload(100)), 5, 64)[1], PuntKind::kernel));
  const FrameFields6 own6{.to_mac = kBackMac, .destination = "2001:db8:0:1::2", .destination_port = 22};
  rows.push_back(unanswered("TCP over IPv6 to the kernel", kBack, tcp6_frame(own6, kSyn), PuntKind::kernel));
}

}  // namespace

std::vector<Row> icmp_error_rows() {
  std::vector<Row> rows;
  for (const uint8_t type : {uint8_t{3}, uint8_t{11}, uint8_t{12}}) {
    const std::string name = "ICMP type " + std::to_string(type) + " about ";
    rows.push_back(to_server(name + "TCP", error(tcp_frame(reply(80), kAck), type), kWebMac));
    rows.push_back(to_server(name + "UDP", error(udp_frame(reply(53)), type), kNameMac));
  }
  for (const uint8_t type : {uint8_t{1}, uint8_t{2}, uint8_t{3}, uint8_t{4}}) {
    const std::string name = "ICMPv6 type " + std::to_string(type) + " about ";
    rows.push_back(to_server(name + "TCP", error6(tcp6_frame(reply6(80), kAck), type), kWebMac));
    rows.push_back(to_server(name + "UDP", error6(udp6_frame(reply6(53)), type), kNameMac));
  }
  rows.push_back(dropped_at("an ICMP error about another port", kFront, error(tcp_frame(reply(81), kAck)),
                            icmp_unmatched));
  rows.push_back(dropped_at("an ICMP error about nothing", kFront, icmp_frame({}, 3, {}), icmp_unmatched));
  rows.push_back(
      dropped_at("an ICMP error about a ping", kFront, error(icmp_frame(reply(0), 0)), icmp_unmatched));
  rows.push_back(dropped_at("an ICMPv6 error about another port", kFront,
                            error6(tcp6_frame(reply6(81), kAck)), icmp_unmatched));
  rows.push_back(
      dropped_at("ICMP source quench", kFront, error(tcp_frame(reply(80), kAck), 4), icmp_unsupported));
  rows.push_back(dropped_at("an ICMPv6 error that nobody knows", kFront,
                            error6(tcp6_frame(reply6(80), kAck), 100), icmp_unsupported));
  return rows;
}

std::vector<Row> fragment_rows() {
  std::vector<Row> rows;
  add_fragments(rows);
  return rows;
}

std::vector<Row> refused_rows() {
  std::vector<Row> rows;
  add_rejected(rows);
  add_too_big(rows);
  add_kernel(rows);
  return rows;
}

}  // namespace turnout
