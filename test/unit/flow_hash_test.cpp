// Which frames are of one flow, and so come to one worker.
#include "dataplane/flow_hash.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "test/support/frame_changes.h"
#include "test/support/frames.h"
#include "test/support/frames6.h"

namespace turnout::flow_hash_test {
namespace {

/// From memory that ends where the frame does, so that the address sanitizer sees who reads on.
uint32_t hash_of_frame(const Bytes& frame, uint64_t seed = 1) {
  const auto exact = std::make_unique<uint8_t[]>(frame.size());
  std::copy(frame.begin(), frame.end(), exact.get());
  const auto length = static_cast<uint32_t>(frame.size());
  return flow_hash({exact.get(), length, length}, HashSeed(seed));
}

FrameFields client(unsigned number) {
  FrameFields fields;
  fields.source = "203.0.113." + std::to_string(number % 250 + 1);
  fields.source_port = static_cast<uint16_t>(1024 + number);
  return fields;
}

TEST(FlowHash, IsOneForAllPacketsOfAFlow) {
  FrameFields later;
  later.id = 77;
  later.time_to_live = 3;
  later.type_of_service = 8;
  const uint32_t hash = hash_of_frame(tcp_frame({}, kSyn));
  EXPECT_NE(hash, kNoFlow);
  EXPECT_EQ(hash_of_frame(tcp_frame(later, kAck, payload(900))), hash);
  EXPECT_EQ(hash_of_frame(tagged(tcp_frame({}, kAck), 7)), hash) << "one tag is looked through";
  EXPECT_EQ(hash_of_frame(tagged(tcp_frame({}, kAck), 0xE000)), hash) << "a priority makes no difference";
  FrameFields with_options;
  with_options.ip_options = {1, 1, 1, 1};
  EXPECT_EQ(hash_of_frame(tcp_frame(with_options, kAck)), hash);
}

TEST(FlowHash, IsAnotherForAnotherFlow) {
  std::set<uint32_t> hashes;
  const auto add = [&hashes](const Bytes& frame) { hashes.insert(hash_of_frame(frame)); };
  FrameFields fields;
  add(tcp_frame(fields, kSyn));
  add(udp_frame(fields));
  add(sctp_frame(fields, {sctp_chunk(1)}));
  fields.source_port = 40001;
  add(tcp_frame(fields, kSyn));
  fields = {};
  fields.destination_port = 81;
  add(tcp_frame(fields, kSyn));
  fields = {};
  fields.source = "203.0.113.8";
  add(tcp_frame(fields, kSyn));
  fields = {};
  fields.destination = "192.0.2.101";
  add(tcp_frame(fields, kSyn));
  FrameFields6 six;
  add(tcp6_frame(six, kSyn));
  six.source_port = 40001;
  add(tcp6_frame(six, kSyn));
  six.destination = "2001:db8::101";
  add(tcp6_frame(six, kSyn));
  six.source = "2001:db8:c::8";
  add(tcp6_frame(six, kSyn));
  EXPECT_EQ(hashes.size(), 11u);
  EXPECT_NE(hash_of_frame(tcp_frame({}, kSyn), 1), hash_of_frame(tcp_frame({}, kSyn), 2)) << "seeded";
}

TEST(FlowHash, SpreadsFlowsEvenly) {
  constexpr unsigned kFlows = 12'800, kShares = 16;
  for (const bool ipv6 : {false, true}) {
    std::array<unsigned, kShares> shares{};
    for (unsigned n = 0; n < kFlows; ++n) {
      FrameFields6 six;
      six.source_port = static_cast<uint16_t>(1024 + n);
      const Bytes frame = ipv6 ? tcp6_frame(six, kSyn) : tcp_frame(client(n), kSyn);
      ++shares[hash_of_frame(frame) >> 28];
    }
    for (const unsigned share : shares) {
      EXPECT_GT(share, kFlows / kShares * 8 / 10) << ipv6;
      EXPECT_LT(share, kFlows / kShares * 12 / 10) << ipv6;
    }
  }
}

TEST(FlowHash, IsOneForAllFragmentsBetweenTwoHosts) {
  const uint32_t hash = hash_of_frame(fragmented(udp_frame({}, payload(100)), 1, 64).front());
  EXPECT_NE(hash, kNoFlow);
  EXPECT_NE(hash, hash_of_frame(udp_frame({}, payload(100))));
  for (const uint16_t id : {uint16_t{1}, uint16_t{2}}) {
    for (const Bytes& piece : fragmented(udp_frame({}, payload(4000)), id, 800)) {
      EXPECT_EQ(hash_of_frame(piece), hash);
      EXPECT_EQ(hash_of_frame(tagged(piece, 9)), hash);
    }
  }
  EXPECT_NE(hash_of_frame(fragmented(udp_frame(client(3), payload(100)), 1, 64).front()), hash);
}

TEST(FlowHash, IsOneForAllFragmentsBetweenTwoHostsOverIpv6) {
  const uint32_t hash = hash_of_frame(fragmented6(udp6_frame({}, payload(100)), 1, 64).front());
  for (const uint32_t id : {1u, 2u}) {
    for (const Bytes& piece : fragmented6(udp6_frame({}, payload(4000)), id, 800))
      EXPECT_EQ(hash_of_frame(piece), hash);
  }
  FrameFields6 other;
  other.source = "2001:db8:c::9";
  EXPECT_NE(hash_of_frame(fragmented6(udp6_frame(other, payload(100)), 1, 64).front()), hash);
}

TEST(FlowHash, LooksBehindExtensionHeaders) {
  FrameFields6 fields;
  const uint32_t hash = hash_of_frame(tcp6_frame(fields, kSyn));
  fields.extension_headers = {{60, {0, 1, 4, 0, 0, 0, 0}}, {0, {0, 1, 4, 0, 0, 0, 0}}};
  EXPECT_EQ(hash_of_frame(tcp6_frame(fields, kAck, payload(20))), hash);
  fields.extension_headers = {fragment_header6(5, 0, false)};  // whole all the same (RFC 6946)
  EXPECT_EQ(hash_of_frame(tcp6_frame(fields, kAck)), hash);
}

TEST(FlowHash, LeavesWhatIsOfNoFlowToThePoller) {
  const Bytes who_has =
      arp_frame(kBroadcastMac, {1, "02:00:00:00:00:c1", "192.0.2.1", kNoMac, "192.0.2.100"});
  EXPECT_EQ(hash_of_frame(who_has), kNoFlow);
  EXPECT_EQ(hash_of_frame(tagged(who_has, 5)), kNoFlow);
  FrameFields6 solicitation;
  solicitation.hop_limit = 255;
  EXPECT_EQ(hash_of_frame(icmp6_frame(solicitation, 135, 0, payload(24))), kNoFlow);
  solicitation.destination = "ff02::1:ff00:100";
  EXPECT_EQ(hash_of_frame(icmp6_frame(solicitation, 135, 0, payload(24))), kNoFlow);
  const Bytes frame = tcp_frame({}, kSyn);
  EXPECT_EQ(hash_of_frame(tagged(tagged(frame, 5), 6)), kNoFlow);
  EXPECT_EQ(hash_of_frame(with_octets(frame, 12, {0x88, 0xCC})), kNoFlow);
}

TEST(FlowHash, GivesErrorsAndPingsToAnybody) {
  EXPECT_NE(hash_of_frame(icmp_frame({}, 8)), kNoFlow);
  EXPECT_NE(hash_of_frame(icmp_error({}, 3, ip_packet_of(tcp_frame({}, kAck)))), kNoFlow);
  EXPECT_NE(hash_of_frame(icmp6_error({}, 1, ip_packet_of(tcp6_frame({}, kAck)))), kNoFlow);
  EXPECT_NE(hash_of_frame(icmp6_frame({}, 128, 0, payload(8))), kNoFlow);
}

TEST(FlowHash, ReadsNothingBehindTheFramesEnd) {
  FrameFields6 extended;
  extended.extension_headers = {{60, {0, 1, 4, 0, 0, 0, 0}}, fragment_header6(5, 8, true)};
  for (const Bytes& whole :
       {tcp_frame({}, kSyn), tagged(udp_frame({}), 4), tcp6_frame({}, kSyn), tcp6_frame(extended, kSyn),
        icmp6_frame({}, 135, 0, payload(24)), fragmented(udp_frame({}, payload(64)), 1, 64)[0]}) {
    for (size_t size = 1; size < whole.size(); ++size) hash_of_frame(cut_to(whole, size));
    for (unsigned octet = 0; octet < 256; ++octet)  // every header length, protocol and next header
      for (const size_t at : {size_t{14}, size_t{20}, size_t{23}, size_t{54}, size_t{55}})
        hash_of_frame(
            with_octets(cut_to(whole, 58), std::min(at, whole.size() - 1), {static_cast<uint8_t>(octet)}));
  }
}

}  // namespace
}  // namespace turnout::flow_hash_test
