// Frames for the director itself: ARP and pings go to control, which answers by the port they came from, or
// keeps quiet.
#include "test/packet/rows.h"
#include "test/support/frame_changes.h"

namespace turnout {

namespace {

constexpr const char* kAskerMac = "02:00:00:00:00:a1";
constexpr const char* kAsker = "192.0.2.50";
constexpr const char* kBackAsker = "198.51.100.50";

Bytes request(const std::string& wanted, const char* asker = kAsker, const char* to_mac = kBroadcastMac) {
  return arp_frame(to_mac, {.sender_mac = kAskerMac, .sender_ip = asker, .target_ip = wanted});
}
Bytes reply(size_t port, const std::string& wanted, const char* asker = kAsker) {
  return arp_frame(kAskerMac, {.operation = 2,
                               .sender_mac = port_mac(port),
                               .sender_ip = wanted,
                               .target_mac = kAskerMac,
                               .target_ip = asker});
}
Row arp_answered(std::string sentence, size_t port, const std::string& wanted, const char* asker) {
  return answered(std::move(sentence), port, request(wanted, asker), PuntKind::arp,
                  reply(port, wanted, asker));
}
Row arp_unanswered(std::string sentence, size_t port, const Bytes& frame) {
  return unanswered(std::move(sentence), port, frame, PuntKind::arp);
}

void add_arp_answered(std::vector<Row>& rows) {
  rows.push_back(arp_answered("who has the VIP", kFront, kVip, kAsker));
  rows.push_back(arp_answered("who has a VIP without servers", kFront, kServerlessVip, kAsker));
  rows.push_back(arp_answered("who has the director's own address", kFront, "192.0.2.2", kAsker));
  rows.push_back(arp_answered("who has the back port's VIP", kBack, kBackVip, kBackAsker));
  rows.push_back(arp_answered("who has the back port's own address", kBack, "198.51.100.2", kBackAsker));
  rows.push_back(arp_answered("who has the VIP of no subnet, on the front port", kFront, kRemoteVip, kAsker));
  rows.push_back(
      arp_answered("who has the VIP of no subnet, on the back port", kBack, kRemoteVip, kBackAsker));
  rows.push_back(answered("do you still have the VIP, asked of the port alone", kFront,
                          request(kVip, kAsker, kFrontMac), PuntKind::arp, reply(kFront, kVip)));
  rows.push_back(answered("RFC 5227: is the VIP free", kFront, request(kVip, "0.0.0.0"), PuntKind::arp,
                          reply(kFront, kVip, "0.0.0.0")));
  const Bytes unpadded = cut_to(request(kVip), 42);
  rows.push_back(answered("a request without padding", kFront, unpadded, PuntKind::arp, reply(kFront, kVip)));
}

void add_arp_unanswered(std::vector<Row>& rows) {
  rows.push_back(arp_unanswered("who has an address that is nobody's", kFront, request("192.0.2.99")));
  rows.push_back(arp_unanswered("who has a real server's address", kFront, request("192.0.2.21")));
  rows.push_back(arp_unanswered("who has the other port's VIP", kBack, request(kVip, kBackAsker)));
  rows.push_back(arp_unanswered("who has the other port's own address", kFront, request("198.51.100.2")));
  rows.push_back(arp_unanswered("RFC 5227: is an address free that is nobody's", kFront,
                                request("192.0.2.99", "0.0.0.0")));
  rows.push_back(arp_unanswered("another host announces its own address", kFront, request(kAsker)));
  rows.push_back(
      answered(kAnnouncedByAnother, kFront, request(kVip, kVip), PuntKind::arp,
               arp_frame(kBroadcastMac, {.sender_mac = kFrontMac, .sender_ip = kVip, .target_ip = kVip})));
  const Bytes claim = arp_frame(kFrontMac, {.operation = 2,
                                            .sender_mac = kAskerMac,
                                            .sender_ip = kAsker,
                                            .target_mac = kFrontMac,
                                            .target_ip = "192.0.2.2"});
  rows.push_back(arp_unanswered("a reply that nobody asked for", kFront, claim));
  const Bytes forged = redirected(request(kVip), kBroadcastMac, "02:00:00:00:00:a2");
  rows.push_back(arp_unanswered("a sender other than the frame's", kFront, forged));
  rows.push_back(arp_unanswered("a request that is cut off", kFront, cut_to(request(kVip), 41)));
  rows.push_back(arp_unanswered("an ARP header that is missing", kFront, cut_to(request(kVip), 14)));
  rows.push_back(
      arp_unanswered("an operation that doesn't exist", kFront, with_octets(request(kVip), 20, {0, 9})));
  rows.push_back(
      arp_unanswered("ARP for another protocol", kFront, with_octets(request(kVip), 16, {0x86, 0xDD})));
}

void add_arp_dropped(std::vector<Row>& rows) {
  using enum DropReason;
  rows.push_back(
      dropped_at("ARP for another station", kFront, request(kVip, kAsker, "02:00:00:00:09:99"), not_our_mac));
  rows.push_back(dropped_at("ARP for the other port", kFront, request(kVip, kAsker, kBackMac), not_our_mac));
  rows.push_back(
      dropped_at("ARP to a group", kFront, request(kVip, kAsker, "01:00:5e:00:00:01"), not_our_mac));
  rows.push_back(dropped_at("ARP in an 802.1Q frame", kFront, tagged(request(kVip, kAsker, kFrontMac), 100),
                            unknown_vlan));
}

/// What answers `ping`: the addresses are swapped, the rest is the asker's but for the time to live.
Bytes pong(size_t port, const FrameFields& ping, const Bytes& data = payload(32)) {
  FrameFields fields = ping;
  fields.to_mac = ping.from_mac;
  fields.from_mac = port_mac(port);
  std::swap(fields.source, fields.destination);
  fields.time_to_live = 64;
  fields.type_of_service = ping.type_of_service & 0xFC;
  fields.ip_options.clear();
  return padded(icmp_frame(fields, 0, data));
}
Row ping(std::string sentence, size_t port, const FrameFields& fields, const Bytes& data = payload(32)) {
  return answered(std::move(sentence), port, icmp_frame(fields, 8, data), PuntKind::icmp_echo,
                  pong(port, fields, data));
}
Row ping_unanswered(std::string sentence, const Bytes& frame) {
  return unanswered(std::move(sentence), kFront, frame, PuntKind::icmp_echo);
}

void add_ping_answered(std::vector<Row>& rows) {
  rows.push_back(ping("ping the VIP", kFront, {}));
  rows.push_back(ping("ping the VIP with an odd number of octets", kFront, {}, payload(33)));
  rows.push_back(ping("ping the VIP with nothing", kFront, {}, {}));
  rows.push_back(ping("ping the VIP with a full frame", kFront, {}, payload(1472)));
  rows.push_back(ping("ping with DSCP and ECN, of which DSCP comes back", kFront, {.type_of_service = 0xBB}));
  rows.push_back(ping("ping that may be fragmented", kFront, {.fragment = 0}));
  rows.push_back(ping("ping with IP options", kFront, {.ip_options = Bytes(4, 1)}));
  rows.push_back(ping("ping the director's own address", kFront, {.destination = "192.0.2.2"}));
  rows.push_back(ping("ping the other port's own address", kFront, {.destination = "198.51.100.2"}));
  rows.push_back(ping("ping the VIP by the back port", kBack, {.to_mac = kBackMac}));
  rows.push_back(ping("ping the VIP of no subnet by the back port", kBack,
                      {.to_mac = kBackMac, .destination = kRemoteVip}));
  const FrameFields small{};
  rows.push_back(answered("ping in a padded frame", kFront, padded(icmp_frame(small, 8, {1, 2})),
                          PuntKind::icmp_echo, pong(kFront, small, {1, 2})));
}

void add_ping_unanswered(std::vector<Row>& rows) {
  const Bytes frame = icmp_frame({}, 8);
  rows.push_back(
      ping_unanswered("a ping with a wrong ICMP checksum", with_octets(frame, frame.size() - 1, {0})));
  rows.push_back(ping_unanswered("a ping with a wrong IP checksum", with_octets(frame, kIpAt + 10, {0, 0})));
  rows.push_back(ping_unanswered("a ping with a code", with_octets(frame, kTransportAt + 1, {1})));
  rows.push_back(ping_unanswered("a ping that one of our own addresses is said to have sent",
                                 icmp_frame({.source = "192.0.2.2"}, 8)));
  rows.push_back(ping_unanswered("a source-routed ping", icmp_frame({.ip_options = {131, 3, 4, 0}}, 8)));
}

void add_icmp_not_answered(std::vector<Row>& rows) {
  using enum DropReason;
  rows.push_back(dropped_at("an echo reply to the VIP", kFront, icmp_frame({}, 0), icmp_unsupported));
  rows.push_back(dropped_at("a timestamp request to the VIP", kFront, icmp_frame({}, 13), icmp_unsupported));
  rows.push_back(dropped_at("a ping to a VIP that does not answer", kFront,
                            icmp_frame({.destination = kSilentVip}, 8), echo_off));
  rows.push_back(unanswered("ICMP redirect to the director", kFront,
                            icmp_frame({.destination = "192.0.2.2"}, 5), PuntKind::health));
  rows.push_back(unanswered("a SYN-ACK that no health check waits for", kFront,
                            tcp_frame({.source = "192.0.2.9",
                                       .destination = "192.0.2.2",
                                       .source_port = 80,
                                       .destination_port = kFirstHealthPort},
                                      kSyn | kAck),
                            PuntKind::health));
  rows.push_back(dropped_at("ping an address that is nobody's", kFront,
                            icmp_frame({.destination = "192.0.2.99"}, 8), not_our_address));
  rows.push_back(dropped_at("ping the subnet's broadcast address", kFront,
                            icmp_frame({.destination = "192.0.2.255"}, 8), not_our_address));
  rows.push_back(
      dropped_at("ping in a broadcast frame", kFront, icmp_frame({.to_mac = kBroadcastMac}, 8), not_our_mac));
}

}  // namespace

std::vector<Row> arp_rows() {
  std::vector<Row> rows;
  add_arp_answered(rows);
  add_arp_unanswered(rows);
  add_arp_dropped(rows);
  return rows;
}

std::vector<Row> icmp_rows() {
  std::vector<Row> rows;
  add_ping_answered(rows);
  add_ping_unanswered(rows);
  add_icmp_not_answered(rows);
  return rows;
}

}  // namespace turnout
