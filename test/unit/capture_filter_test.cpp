// Whose packet a frame is for a capture, and whether a filter wants it.
#include "dataplane/capture_filter.h"

#include <gtest/gtest.h>

#include "test/support/frame_changes.h"
#include "test/support/frames.h"
#include "test/support/frames6.h"

namespace turnout::capture_filter_test {
namespace {

CaptureView view(const Bytes& frame) {
  const auto length = static_cast<uint32_t>(frame.size());
  return view_of({frame.data(), length, length});
}
Address6 v4(const std::string& text) {
  const Bytes octets = ip_bytes(text);
  rte_be32_t address;
  std::memcpy(&address, octets.data(), sizeof address);
  return mapped_address6(address);
}
Address6 v6(const std::string& text) {
  return load_address6(ip6_bytes(text).data());
}

void expect_flow(const Bytes& frame, const Address6& client, const Address6& vip, const char* what) {
  const CaptureView seen = view(frame);
  EXPECT_TRUE(seen.has_ends) << what;
  EXPECT_TRUE(seen.has_ports) << what;
  EXPECT_EQ(seen.client, client) << what;
  EXPECT_EQ(seen.destination, vip) << what;
  EXPECT_EQ(seen.fields.destination_port, RTE_BE16(80)) << what;
}

TEST(CaptureView, ReadsFlowsOfBothFamiliesWhateverTheirMacsAndTags) {
  const Address6 client = v4("203.0.113.7"), vip = v4("192.0.2.100");
  const Bytes plain = tcp_frame({}, kSyn), plain6 = tcp6_frame({}, kSyn);
  const Address6 client6 = view(plain6).client, vip6 = view(plain6).destination;
  expect_flow(plain, client, vip, "plain");
  expect_flow(redirected(plain, "02:00:00:00:00:11", "02:00:00:00:01:01"), client, vip, "as it left");
  expect_flow(tagged(plain, 0x123), client, vip, "tagged");
  expect_flow(with_octets(tagged(tagged(plain, 5), 7), 12, {0x88, 0xA8}), client, vip, "two tags");
  expect_flow(tcp6_frame({}, kAck), client6, vip6, "IPv6");
  expect_flow(tagged(plain6, 9), client6, vip6, "IPv6, tagged");
  EXPECT_EQ(client6, v6(FrameFields6().source));
}

TEST(CaptureView, ReadsWhatTheForwarderRefuses) {
  expect_flow(tcp_frame({.source = "127.0.0.1"}, kSyn), v4("127.0.0.1"), v4("192.0.2.100"), "martian");
  Bytes short_header = tcp_frame({}, kSyn);
  short_header[kTransportAt + 12] = 0x10;  // of 4 octets
  expect_flow(short_header, v4("203.0.113.7"), v4("192.0.2.100"), "a TCP header that can't be");
  const Bytes truncated = cut_to(tcp_frame({}, kSyn), kTransportAt + 4);
  expect_flow(truncated, v4("203.0.113.7"), v4("192.0.2.100"), "cut behind the ports");
}

TEST(CaptureView, ReadsNoPortsWhereThereAreNone) {
  const std::vector<Bytes> pieces = fragmented(udp_frame({}, payload(2000)), 7, 800);
  EXPECT_TRUE(view(pieces[0]).has_ports);
  EXPECT_TRUE(view(pieces[1]).has_ends);
  EXPECT_FALSE(view(pieces[1]).has_ports);
  const std::vector<Bytes> pieces6 = fragmented6(udp6_frame({}, payload(2000)), 7, 800);
  EXPECT_TRUE(view(pieces6[0]).has_ports);
  EXPECT_TRUE(view(pieces6[1]).has_ends);
  EXPECT_FALSE(view(pieces6[1]).has_ports);
  EXPECT_FALSE(view(icmp_frame({}, 8)).has_ports);
}

TEST(CaptureView, AnIcmpErrorIsTheClientsWhomItIsAbout) {
  FrameFields from_vip;
  from_vip.source = "192.0.2.100";
  from_vip.source_port = 80;
  from_vip.destination = "203.0.113.7";
  from_vip.destination_port = 40000;
  const Bytes quoted = ip_packet_of(tcp_frame(from_vip, kAck), 28);
  FrameFields from_router;
  from_router.source = "198.51.100.9";
  expect_flow(icmp_error(from_router, 3, quoted), v4("203.0.113.7"), v4("192.0.2.100"), "unreachable");
}

TEST(CaptureView, OfArpIsTheSender) {
  const CaptureView seen = view(
      arp_frame(kBroadcastMac,
                {.sender_mac = "02:00:00:00:00:c1", .sender_ip = "192.0.2.9", .target_ip = "192.0.2.100"}));
  EXPECT_TRUE(seen.has_ends);
  EXPECT_EQ(seen.client, v4("192.0.2.9"));
  EXPECT_EQ(seen.destination, v4("192.0.2.100"));
}

TEST(CaptureView, ReadsNothingPastTheEnd) {
  for (const Bytes& whole :
       {tcp_frame({}, kSyn), tagged(tcp6_frame({}, kSyn), 3), arp_frame(kBroadcastMac, {})}) {
    for (size_t size = 0; size < whole.size(); ++size) {
      const auto octets = std::make_unique<uint8_t[]>(size);  // a sanitizer sees its end
      std::copy_n(whole.begin(), size, octets.get());
      const auto length = static_cast<uint32_t>(size);
      const CaptureView seen = view_of({octets.get(), length, length});
      EXPECT_LE(seen.has_ports, seen.has_ends);
    }
  }
}

std::optional<Address6> glance(const Bytes& frame) {
  const auto length = static_cast<uint32_t>(frame.size());
  return client_at_a_glance({frame.data(), length, length});
}

TEST(CaptureView, TellsAtAGlanceWhoseTheCommonPacketsAre) {
  EXPECT_EQ(glance(tcp_frame({}, kAck)), v4("203.0.113.7"));
  EXPECT_EQ(glance(udp_frame({}, payload(9))), v4("203.0.113.7"));
  EXPECT_EQ(glance(tcp6_frame({}, kAck)), v6(FrameFields6().source));
  EXPECT_EQ(glance(fragmented(udp_frame({}, payload(2000)), 7, 800)[1]), v4("203.0.113.7"));
}

TEST(CaptureView, TellsNothingAtAGlanceOfPacketsThatTakeALook) {
  for (const Bytes& frame : {tagged(tcp_frame({}, kAck), 5), tagged(tcp6_frame({}, kAck), 5),
                             icmp_frame({}, RTE_IP_ICMP_ECHO_REQUEST), Bytes(), Bytes(13, 0), Bytes(14, 8)})
    EXPECT_FALSE(glance(frame)) << frame.size();
}

/// Each octet of the headers of each kind of packet takes each value, and each packet is cut at each length.
TEST(CaptureView, NeverSaysAtAGlanceWhatALookDoesNot) {
  unsigned told = 0, not_told = 0;
  const auto compare = [&](const Bytes& frame) {
    const std::optional<Address6> client = glance(frame);
    ++(client ? told : not_told);
    if (!client) return;
    const CaptureView seen = view(frame);
    ASSERT_TRUE(seen.has_ends);
    ASSERT_EQ(seen.client, *client);
  };
  for (const Bytes& frame :
       {tcp_frame({}, kAck), udp_frame({}, payload(9)), tcp6_frame({}, kSyn), tagged(tcp_frame({}, kSyn), 7),
        icmp_frame({}, RTE_IP_ICMP_ECHO_REQUEST), fragmented(udp_frame({}, payload(2000)), 7, 800)[0]}) {
    for (size_t length = 0; length <= frame.size(); ++length) compare(cut_to(frame, length));
    for (size_t at = 12; at < std::min<size_t>(frame.size(), 80); ++at) {
      for (unsigned value = 0; value < 256; ++value)
        compare(with_octets(frame, at, {static_cast<uint8_t>(value)}));
    }
  }
  EXPECT_GT(told, 10'000u);
  EXPECT_GT(not_told, 10'000u);
}

CaptureFilter all() {
  CaptureFilter filter;
  filter.fates.set();
  filter.reasons.set();
  return filter;
}
constexpr CaptureSight kSentTo3{CaptureFate::transmitted, DropReason::count, 3};
constexpr CaptureSight kNoService{CaptureFate::dropped, DropReason::no_service, kNobody};

TEST(CaptureFilter, GoesByFateReasonAndServer) {
  CaptureFilter filter = all();
  EXPECT_TRUE(filter.may_want(kSentTo3));
  EXPECT_TRUE(filter.may_want(kNoService));
  EXPECT_FALSE(filter.looks_inside());
  filter.by_server = true;
  filter.servers = {1, 3, 8};
  EXPECT_TRUE(filter.may_want(kSentTo3));
  EXPECT_FALSE(filter.may_want({CaptureFate::transmitted, DropReason::count, 2}));
  EXPECT_FALSE(filter.may_want(kNoService)) << "it had none";
  filter = all();
  filter.fates.reset(static_cast<size_t>(CaptureFate::transmitted));
  filter.reasons.reset(static_cast<size_t>(DropReason::no_service));
  EXPECT_FALSE(filter.may_want(kSentTo3));
  EXPECT_FALSE(filter.may_want(kNoService));
  EXPECT_TRUE(filter.may_want({CaptureFate::dropped, DropReason::too_big, 3}));
}

TEST(CaptureFilter, GoesByServiceAndForFragmentsByItsServers) {
  CaptureFilter filter = all();
  filter.by_service = true;
  const CaptureView flow = view(tcp_frame({}, kSyn)),
                    later = view(fragmented(udp_frame({}, payload(2000)), 7, 800)[1]);
  EXPECT_FALSE(filter.wants(kSentTo3, flow, 5)) << "the service is gone, and nothing is of it";
  EXPECT_FALSE(filter.wants(kNoService, flow, 0));
  filter.services = {4, 5};
  filter.service_slots = {3};
  EXPECT_TRUE(filter.may_want(kSentTo3));
  EXPECT_TRUE(filter.wants(kSentTo3, flow, 5));
  EXPECT_FALSE(filter.wants({CaptureFate::transmitted, DropReason::count, 2}, flow, 6));
  EXPECT_TRUE(filter.wants(kSentTo3, later, 0));
  EXPECT_FALSE(filter.wants({CaptureFate::transmitted, DropReason::count, 2}, later, 0));
}

TEST(CaptureFilter, TellsByItsServerWhatWasSentForAnotherService) {
  CaptureFilter filter = all();
  filter.by_service = true;
  EXPECT_FALSE(filter.may_want(kSentTo3)) << "the service is gone, and nothing is of it";
  filter.services = {4, 5};
  filter.service_slots = {3, 7};
  EXPECT_TRUE(filter.may_want(kSentTo3));
  for (const uint32_t other : {0u, 2u, 4u, 8u})
    EXPECT_FALSE(filter.may_want({CaptureFate::transmitted, DropReason::count, other})) << other;
  EXPECT_TRUE(filter.may_want({CaptureFate::transmitted, DropReason::count, kNobody})) << "can't be told";
  EXPECT_TRUE(filter.may_want(kNoService)) << "was not sent, and may be of it";
  EXPECT_TRUE(filter.may_want({CaptureFate::dropped, DropReason::too_big, 2}))
      << "the server says less of what was not sent";
  EXPECT_TRUE(filter.may_want({CaptureFate::originated, DropReason::count, kNobody}));
}

CapturePrefix prefix(const Address6& address, unsigned bits) {
  return {mask_client(address, static_cast<uint8_t>(bits)), static_cast<uint8_t>(bits)};
}

TEST(CaptureFilter, GoesByTheClientsAddress) {
  CaptureFilter filter = all();
  const CaptureView flow = view(tcp_frame({}, kSyn)), flow6 = view(tcp6_frame({}, kSyn));
  filter.clients = {prefix(v4("203.0.113.0"), 96 + 24)};
  EXPECT_TRUE(filter.wants(kSentTo3, flow, 0));
  EXPECT_FALSE(filter.wants(kSentTo3, flow6, 0));
  EXPECT_FALSE(filter.wants(kSentTo3, CaptureView(), 0)) << "of nobody";
  filter.clients = {prefix(v4("203.0.113.8"), 128), prefix(flow6.client, 64)};
  EXPECT_FALSE(filter.wants(kSentTo3, flow, 0));
  EXPECT_TRUE(filter.wants(kSentTo3, flow6, 0));
  filter.clients = {prefix(v4("0.0.0.0"), 96)};
  EXPECT_TRUE(filter.wants(kSentTo3, flow, 0)) << "all of IPv4";
  EXPECT_FALSE(filter.wants(kSentTo3, flow6, 0));
  filter.clients = {prefix({}, 0)};
  EXPECT_TRUE(filter.wants(kSentTo3, flow6, 0)) << "everybody";
}

TEST(CaptureFilter, SeesAtAGlanceThatAPacketIsAnotherClients) {
  CaptureFilter filter = all();
  const Bytes frame = tcp_frame({}, kSyn), echo = icmp_frame({}, RTE_IP_ICMP_ECHO_REQUEST);
  using enum CaptureFate;
  const auto may_want = [&](CaptureFate fate, const Bytes& octets) {
    const auto length = static_cast<uint32_t>(octets.size());
    return filter.may_want(fate, Frame{octets.data(), length, length});
  };
  EXPECT_TRUE(may_want(transmitted, frame)) << "all clients";
  filter.clients = {prefix(v4("203.0.113.7"), 128)};
  EXPECT_TRUE(may_want(transmitted, frame));
  filter.clients = {prefix(v4("203.0.113.8"), 128)};
  EXPECT_FALSE(may_want(transmitted, frame));
  EXPECT_FALSE(may_want(dropped, frame));
  EXPECT_TRUE(may_want(transmitted, echo)) << "nothing is said of it yet";
  EXPECT_TRUE(may_want(originated, frame)) << "where does it go?";
}

TEST(CaptureFilter, AFrameOfControlsOwnIsTheClientsIfItGoesThere) {
  CaptureFilter filter = all();
  filter.clients = {prefix(v4("192.0.2.100"), 128)};
  const CaptureView flow = view(tcp_frame({}, kSyn));
  EXPECT_FALSE(filter.wants(kNoService, flow, 0));
  EXPECT_TRUE(filter.wants({CaptureFate::originated, DropReason::count, kNobody}, flow, 0));
}

}  // namespace
}  // namespace turnout::capture_filter_test
