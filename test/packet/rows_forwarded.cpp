// Packets of a virtual service: out they go, in one of two ways through the ports, unchanged but for the MAC
// addresses.
#include "test/packet/rows.h"
#include "test/support/frame_changes.h"

namespace turnout {

namespace {

constexpr const char* kNeighborsFrame = "02:00:00:00:00:c2";      // another router's
const Bytes kTimestamps = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0};  // a TCP option (RFC 7323) behind two NOPs

/// In by the front port, out by the back port.
Row to_web(std::string sentence, const Bytes& frame, Arrival how = {}) {
  return forwarded(std::move(sentence), kFront, frame, {kBack, redirected(frame, kWebMac, kBackMac)}, how);
}
Row to_name(std::string sentence, const Bytes& frame) {
  return forwarded(std::move(sentence), kFront, frame, {kBack, redirected(frame, kNameMac, kBackMac)});
}
/// In and out by the front port.
Row to_one_arm(std::string sentence, const Bytes& frame) {
  return forwarded(std::move(sentence), kFront, frame, {kFront, redirected(frame, kOneArmMac, kFrontMac)});
}

void add_tcp(std::vector<Row>& rows) {
  rows.push_back(to_web("a SYN", tcp_frame({}, kSyn, {}, {2, 4, 5, 0xB4})));
  rows.push_back(to_web("an ACK of a connection that nobody knows", tcp_frame({}, kAck)));
  rows.push_back(to_web("data", tcp_frame({}, kAck | kPsh, payload(100), kTimestamps)));
  rows.push_back(to_web("a FIN", tcp_frame({}, kFin | kAck)));
  rows.push_back(to_web("a RST", tcp_frame({}, kRst)));
  rows.push_back(to_web("no TCP flag at all", tcp_frame({}, 0)));
  rows.push_back(to_web("every TCP flag at once", tcp_frame({}, 0xFF)));
  rows.push_back(to_web("a TCP header of 60 octets", tcp_frame({}, kAck, payload(10), Bytes(40, 1))));
  rows.push_back(to_web("source port 0", tcp_frame({.source_port = 0}, kAck)));
}

void add_udp(std::vector<Row>& rows) {
  rows.push_back(to_name("a datagram", udp_frame({.destination_port = 53}, payload(40))));
  rows.push_back(to_name("an empty datagram", udp_frame({.destination_port = 53})));
  const Bytes frame = udp_frame({.destination_port = 53}, payload(40));
  rows.push_back(to_name("a datagram without a checksum", with_octets(frame, kTransportAt + 6, {0, 0})));
  rows.push_back(
      to_name("a datagram shorter than its IP packet", with_octets(frame, kTransportAt + 4, {0, 20})));
}

void add_ip(std::vector<Row>& rows) {
  const Bytes router_alert = {148, 4, 0, 0};
  rows.push_back(to_web("IP options", tcp_frame({.ip_options = router_alert}, kAck, payload(9))));
  rows.push_back(to_web("as many IP options as there can be",
                        tcp_frame({.ip_options = Bytes(40, 1)}, kAck, payload(9))));
  rows.push_back(to_web("a time to live of 1 stays 1", tcp_frame({.time_to_live = 1}, kAck)));
  rows.push_back(to_web("DSCP and ECN stay", tcp_frame({.type_of_service = 0xBB}, kAck)));
  rows.push_back(to_web("no Don't Fragment bit", tcp_frame({.fragment = 0}, kAck)));
  const Bytes wrong = with_octets(tcp_frame({}, kAck), kIpAt + 10, {0xBA, 0xD1});
  rows.push_back(to_web("an IP checksum that no NIC looked at is the server's to check", wrong));
  const Arrival good{.offload_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_BAD};
  rows.push_back(
      to_web("a TCP checksum that the NIC found wrong is the server's to check", tcp_frame({}, kAck), good));
}

void add_lengths(std::vector<Row>& rows) {
  rows.push_back(to_web("padding to 60 octets", padded(tcp_frame({}, kAck))));
  Bytes trailer = tcp_frame({}, kAck);
  trailer.insert(trailer.end(), {0xDE, 0xAD, 0xBE, 0xEF, 1, 2, 3, 4, 5, 6});
  rows.push_back(to_web("a trailer that isn't zero", trailer));
  const Bytes plain = tcp_frame({}, kAck, payload(9));
  for (const uint16_t priority : {uint16_t{0}, uint16_t{0xA000}}) {
    const std::string name =
        "a tag with priority " + std::to_string(priority >> 13) + " and no VLAN is taken off";
    rows.push_back(
        forwarded(name, kFront, tagged(plain, priority), {kBack, redirected(plain, kWebMac, kBackMac)}));
  }
  rows.push_back(to_web("1514 octets", tcp_frame({}, kAck, payload(1460))));
  rows.push_back(to_web("9014 octets in one buffer", tcp_frame({}, kAck, payload(8960))));
  rows.push_back(
      to_web("9014 octets in two buffers", tcp_frame({}, kAck, payload(8960)), {.split_at = 2048}));
  rows.push_back(to_web("two buffers, the first with no more than the headers",
                        tcp_frame({}, kAck, payload(500)), {.split_at = kTransportAt + 20}));
}

void add_ways(std::vector<Row>& rows) {
  const FrameFields one_arm{.destination = kOneArmVip, .destination_port = 443};
  rows.push_back(to_one_arm("one-armed, a SYN goes out where it came in", tcp_frame(one_arm, kSyn)));
  rows.push_back(to_one_arm("one-armed, 1514 octets", tcp_frame(one_arm, kAck, payload(1460))));
  const FrameFields other_router{.from_mac = kNeighborsFrame};
  rows.push_back(to_web("from another router, which is not looked at", tcp_frame(other_router, kAck)));

  const Bytes back_vip = tcp_frame({.to_mac = kBackMac, .destination = kBackVip}, kSyn);
  rows.push_back(forwarded("in by the back port, out by the front port", kBack, back_vip,
                           {kFront, redirected(back_vip, kOneArmMac, kFrontMac)}));
  const Bytes front_vip = tcp_frame({.to_mac = kBackMac}, kSyn);
  rows.push_back(forwarded("a VIP of the front port's subnet, reached by the back port", kBack, front_vip,
                           {kBack, redirected(front_vip, kWebMac, kBackMac)}));
  rows.push_back(
      to_web("a VIP on no subnet, by the front port", tcp_frame({.destination = kRemoteVip}, kSyn)));
  const Bytes remote = tcp_frame({.to_mac = kBackMac, .destination = kRemoteVip}, kSyn);
  rows.push_back(forwarded("a VIP on no subnet, by the back port", kBack, remote,
                           {kBack, redirected(remote, kWebMac, kBackMac)}));
}

}  // namespace

std::vector<Row> forwarded_rows() {
  std::vector<Row> rows;
  add_tcp(rows);
  add_udp(rows);
  add_ip(rows);
  add_lengths(rows);
  add_ways(rows);
  return rows;
}

}  // namespace turnout
