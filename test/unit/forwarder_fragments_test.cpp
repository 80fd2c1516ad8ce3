// Fragments: all of a datagram go where its first went, in whatever order they come.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "test/support/forwarder_rig.h"

namespace turnout {
namespace {

constexpr size_t kPiece = 800;

/// A datagram of `flow` to the UDP service, in pieces.
std::vector<Bytes> datagram(uint16_t flow, uint16_t id, size_t size = 3000) {
  FrameFields fields;
  fields.source_port = static_cast<uint16_t>(1024 + flow);
  fields.destination_port = 53;
  return fragmented(udp_frame(fields, payload(size)), id, kPiece);
}
std::vector<Bytes> datagram6(uint16_t flow, uint32_t id, size_t size = 3000) {
  FrameFields6 fields;
  fields.source_port = static_cast<uint16_t>(1024 + flow);
  fields.destination_port = 53;
  return fragmented6(udp6_frame(fields, payload(size)), id, kPiece);
}
std::vector<Bytes> reversed(std::vector<Bytes> frames) {
  std::reverse(frames.begin(), frames.end());
  return frames;
}

/// Turns, so that the Maglev table says something else for most flows.
struct ForwarderFragments : testing::Test {
  static SnapshotRecipe round_robin() {
    SnapshotRecipe recipe;
    recipe.turns = {0, 1, 2};
    return recipe;
  }
  ForwarderRig rig{1024, round_robin()};

  static void expect_at(uint32_t server, const Fate& fate, const Bytes& frame) {
    ASSERT_EQ(fate.kind, Fate::transmitted) << hex(frame);
    EXPECT_EQ(fate.frame,
              redirected(frame, "02:00:00:00:02:0" + std::to_string(server), "02:00:00:00:01:00"));
  }
  /// Sends the frames one by one, and expects each to go to `server` at once.
  void expect_all_at(uint32_t server, const std::vector<Bytes>& frames) {
    for (const Bytes& frame : frames) expect_at(server, rig.send(frame), frame);
  }
  void expect_held(const Bytes& frame) { EXPECT_EQ(rig.send(frame).kind, Fate::held) << hex(frame); }
  void expect_dropped(const Bytes& frame, DropReason reason = DropReason::fragment) {
    const Fate fate = rig.send(frame);
    EXPECT_EQ(fate.kind, Fate::dropped) << hex(frame);
    EXPECT_EQ(fate.reason, reason);
  }
  ~ForwarderFragments() override {
    rig.forwarder.release_fragments();
    for (const Fate& fate : rig.released()) EXPECT_NE(fate.kind, Fate::nothing);
    EXPECT_FALSE(rig.forwarder.holds_fragments()) << "nothing leaks";
  }
};

TEST_F(ForwarderFragments, ThoseInOrderFollowTheFirst) {
  for (uint16_t flow = 0; flow < 20; ++flow) {
    expect_all_at(rig.udp(flow), datagram(flow, flow));
    expect_all_at(rig.udp6(flow), datagram6(flow, flow));
  }
}

TEST_F(ForwarderFragments, TheFirstOpensTheConnection) {
  for (uint16_t flow = 0; flow < 12; ++flow) {
    const std::vector<Bytes> frames = datagram(flow, flow), frames6 = datagram6(flow, flow);
    const uint32_t server = rig.send(frames[0]).server(), server6 = rig.send(frames6[0]).server();
    expect_all_at(server, {frames[1], frames[2], frames[3]});
    expect_all_at(server6, {frames6[1], frames6[2], frames6[3]});
    EXPECT_EQ(rig.udp(flow), server) << "a whole datagram after it";
    EXPECT_EQ(rig.udp6(flow), server6);
  }
}

TEST_F(ForwarderFragments, GoToTheServerOfTheFlowThoughMaglevSaysAnother) {
  unsigned elsewhere = 0;
  for (uint16_t flow = 0; flow < 30; ++flow) {
    const uint32_t server = rig.tcp(flow, kSyn);
    elsewhere += server != rig.maglev_server(flow);
    expect_all_at(server, fragmented(ForwarderRig::tcp_of(flow, kAck, payload(2000)), flow, kPiece));
    const uint32_t server6 = rig.tcp6(flow, kSyn);
    elsewhere += server6 != rig.maglev_server6(flow);
    expect_all_at(server6, fragmented6(ForwarderRig::tcp6_of(flow, kAck, payload(2000)), flow, kPiece));
  }
  EXPECT_GT(elsewhere, 20u);
}

TEST_F(ForwarderFragments, ThoseInOneBurstFollowTheFirstOfThatBurstInAnyOrder) {
  for (const bool backwards : {false, true}) {
    for (uint16_t flow = 0; flow < 10; ++flow) {
      std::vector<Bytes> frames = datagram(flow, static_cast<uint16_t>(100 + flow));
      const std::vector<Bytes> more = datagram6(flow, 100u + flow);
      frames.insert(frames.end(), more.begin(), more.end());
      if (backwards) frames = reversed(frames);
      const std::vector<Fate> fates = rig.burst(frames);
      const size_t half = frames.size() / 2;
      for (size_t i = 0; i < frames.size(); ++i) {
        expect_at(fates[i < half ? 0 : half].server(), fates[i], frames[i]);
      }
      rig.now += 10;
    }
  }
}

TEST_F(ForwarderFragments, ThoseThatComeBeforeTheFirstWaitForIt) {
  for (uint16_t flow = 0; flow < 10; ++flow) {
    for (const std::vector<Bytes>& frames : {datagram(flow, flow), datagram6(flow, flow)}) {
      for (size_t i = frames.size() - 1; i > 0; --i) expect_held(frames[i]);
      EXPECT_TRUE(rig.released().empty());
      const Fate first = rig.send(frames[0]);
      ASSERT_EQ(first.kind, Fate::transmitted);
      const std::vector<Fate> fates = rig.released();
      ASSERT_EQ(fates.size(), frames.size() - 1);
      for (size_t i = 0; i < fates.size(); ++i)
        expect_at(first.server(), fates[i], frames[frames.size() - 1 - i]);
    }
  }
}

TEST_F(ForwarderFragments, ThoseThatComeInTwoPartsAllFollow) {
  const std::vector<Bytes> frames = datagram(1, 7, 6000);
  expect_held(frames[5]);
  const std::vector<Fate> fates = rig.burst({frames[3], frames[0], frames[1]});
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(fates[i].server(), fates[1].server());
  EXPECT_EQ(rig.released().size(), 1u);
  expect_all_at(fates[1].server(), {frames[2], frames[4], frames[6], frames[7]});
}

TEST_F(ForwarderFragments, InterleavedDatagramsFollowEachItsOwn) {
  std::vector<Bytes> frames;
  std::vector<uint32_t> servers;
  for (uint16_t flow = 0; flow < 6; ++flow) {
    const std::vector<Bytes> one = flow % 2 == 0 ? datagram(flow, 7) : datagram6(flow, 7);
    servers.push_back(flow % 2 == 0 ? rig.udp(flow) : rig.udp6(flow));
    frames.insert(frames.end(), one.begin(), one.end());
  }
  // one source with one id for several datagrams at once can't be told apart: another source for each
  for (size_t i = 0; i < frames.size(); ++i) {
    const auto flow = static_cast<uint8_t>(i / 4);
    frames[i][flow % 2 == 0 ? kIpAt + 15 : kIpAt + 23] = flow;
  }
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<size_t> order(frames.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    std::vector<Bytes> shuffled;
    for (const size_t i : order) shuffled.push_back(frames[i]);
    const std::vector<Fate> fates = rig.burst(shuffled);
    std::array<uint32_t, 6> first{};
    for (size_t i = 0; i < order.size(); ++i) {
      if (order[i] % 4 == 0) first[order[i] / 4] = fates[i].server();
    }
    for (size_t i = 0; i < order.size(); ++i) expect_at(first[order[i] / 4], fates[i], shuffled[i]);
    rig.now += 6;
  }
}

TEST_F(ForwarderFragments, TheSameIdOfAnotherSourceDestinationOrProtocolIsAnotherDatagram) {
  const std::vector<Bytes> frames = datagram(1, 7);
  rig.send(frames[0]);
  expect_held(with_octets(frames[1], kIpAt + 15, {99}));
  expect_held(with_octets(frames[1], kIpAt + 9, {6}));
  expect_held(with_octets(frames[1], kIpAt + 4, {0, 8}));
  const std::vector<Bytes> frames6 = datagram6(1, 7);
  rig.send(frames6[0]);
  expect_held(with_octets(frames6[1], kIpAt + 23, {99}));
  expect_held(with_octets(frames6[1], kTransport6At + 7, {8}));
  expect_all_at(rig.udp6(1), {with_octets(frames6[1], kTransport6At, {60})});
}

TEST_F(ForwarderFragments, AreDroppedWhenNoFirstCameInTime) {
  const std::vector<Bytes> frames = datagram(1, 7);
  expect_held(frames[1]);
  expect_held(frames[2]);
  ++rig.now;
  rig.forwarder.expire_fragments(rig.now);
  EXPECT_TRUE(rig.released().empty());
  ++rig.now;
  rig.forwarder.expire_fragments(rig.now);
  const std::vector<Fate> fates = rig.released();
  ASSERT_EQ(fates.size(), 2u);
  for (const Fate& fate : fates) {
    EXPECT_EQ(fate.kind, Fate::dropped);
    EXPECT_EQ(fate.reason, DropReason::fragment);
  }
}

TEST_F(ForwarderFragments, AreForgottenAfterFiveSeconds) {
  const std::vector<Bytes> frames = datagram(1, 7);
  const uint32_t server = rig.send(frames[0]).server();
  rig.now += 5;
  expect_all_at(server, {frames[1]});
  rig.now += 1;
  expect_held(frames[2]);
}

TEST_F(ForwarderFragments, MoreThanSixtyFourOfADatagramDoNotWait) {
  for (uint16_t i = 1; i <= 64; ++i) {
    FrameFields fields;
    fields.fragment = static_cast<uint16_t>(0x2000 | i);
    expect_held(ip_frame(fields, 17, payload(8)));
  }
  FrameFields fields;
  fields.fragment = 0x2000 | 65;
  expect_dropped(ip_frame(fields, 17, payload(8)));
}

TEST_F(ForwarderFragments, MoreThanTwoHundredAndFiftySixDoNotWait) {
  unsigned held = 0, dropped = 0;
  for (uint16_t id = 0; id < 400; ++id) {
    FrameFields fields;
    fields.id = static_cast<uint16_t>(id % 80);
    fields.fragment = static_cast<uint16_t>(0x2000 | (id / 80 + 1));
    const Fate fate = rig.send(ip_frame(fields, 17, payload(8)));
    held += fate.kind == Fate::held;
    dropped += fate.kind == Fate::dropped && fate.reason == DropReason::fragment;
  }
  EXPECT_EQ(held, 256u);
  EXPECT_EQ(dropped, 144u);
  expect_all_at(rig.udp(1), datagram(1, 9000));
}

TEST_F(ForwarderFragments, AFloodOfLoneFragmentsDoesNotStopDatagramsInOrder) {
  uint16_t stranger = 0;
  for (uint16_t round = 0; round < 2000; ++round) {
    const std::vector<Bytes> frames = datagram(round % 50, round);
    std::vector<Bytes> burst;
    for (int i = 0; i < 8; ++i) {
      FrameFields fields;
      fields.source = "198.18.0.1";
      fields.id = stranger++;
      fields.fragment = 0x2001;
      burst.push_back(ip_frame(fields, 17, payload(8)));
      if (i < 4) burst.push_back(frames[static_cast<size_t>(i)]);
    }
    const std::vector<Fate> fates = rig.burst(burst);
    for (const size_t i : {1, 3, 5, 7}) ASSERT_EQ(fates[i].kind, Fate::transmitted) << "round " << round;
    rig.now += round % 100 == 0;
    rig.forwarder.expire_fragments(rig.now);
    rig.released();
  }
}

TEST_F(ForwarderFragments, AFloodOfFirstFragmentsDoesNotStopDatagramsInOrder) {
  uint16_t stranger = 0;
  unsigned lost = 0;
  for (uint16_t round = 0; round < 2000; ++round) {
    const std::vector<Bytes> frames = datagram(round % 50, round);
    for (size_t piece = 0; piece < 4; ++piece) {
      std::vector<Bytes> burst{frames[piece]};
      for (int i = 0; i < 6; ++i) {
        FrameFields fields;
        fields.source = "198.18.0.1";
        fields.id = stranger++;
        fields.fragment = 0x2000;
        fields.destination_port = 53;
        burst.push_back(udp_frame(fields, payload(8)));
      }
      lost += rig.burst(burst)[0].kind != Fate::transmitted;
    }
  }
  EXPECT_EQ(lost, 0u);
}

TEST_F(ForwarderFragments, OfIcmpAreNotFollowed) {
  FrameFields fields;
  fields.fragment = 0x2000;
  expect_dropped(icmp_frame(fields, 8));
  fields.fragment = 100;
  expect_dropped(ip_frame(fields, 1, payload(64)));
  FrameFields6 fields6;
  fields6.extension_headers = {fragment_header6(7, 0, true)};
  expect_dropped(icmp6_frame(fields6, 128, 0, payload(64)));
  fields6.extension_headers = {fragment_header6(7, 8, false)};
  expect_dropped(ip6_frame(fields6, 58, payload(64)));
}

TEST_F(ForwarderFragments, ToAddressesThatAreNotOursDoNotWait) {
  FrameFields fields;
  fields.destination = "192.0.2.77";
  for (const Bytes& frame : fragmented(udp_frame(fields, payload(2000)), 7, kPiece))
    expect_dropped(frame, DropReason::not_our_address);
  fields.destination = "192.0.2.2";
  for (const Bytes& frame : fragmented(udp_frame(fields, payload(2000)), 7, kPiece))
    expect_dropped(frame, DropReason::own_address_unserved);
  FrameFields6 fields6;
  fields6.destination = "2001:db8::77";
  for (const Bytes& frame : fragmented6(udp6_frame(fields6, payload(2000)), 7, kPiece))
    expect_dropped(frame, DropReason::not_our_address);
}

TEST_F(ForwarderFragments, OfADatagramWhoseFirstIsDroppedAreDropped) {
  FrameFields fields;
  fields.destination_port = 54;
  const std::vector<Bytes> frames = fragmented(udp_frame(fields, payload(2000)), 7, kPiece);
  expect_held(frames[1]);
  expect_dropped(frames[0], DropReason::no_service);
  const std::vector<Fate> fates = rig.released();
  ASSERT_EQ(fates.size(), 1u) << "at once, not after its time";
  EXPECT_EQ(fates[0].reason, DropReason::fragment);
  expect_dropped(frames[2]);
  rig.recipe.turns.clear();
  rig.recipe.maglev.clear();
  rig.apply();
  const std::vector<Bytes> serverless = datagram6(1, 8);
  expect_dropped(serverless[0], DropReason::no_server);
  expect_dropped(serverless[1]);
}

TEST_F(ForwarderFragments, AreNotSentToAServerThatIsGone) {
  const std::vector<Bytes> frames = datagram(1, 7);
  const uint32_t server = rig.send(frames[0]).server();
  rig.recipe.servers[server].generation = 2;
  rig.apply();
  expect_dropped(frames[1]);
  rig.recipe.servers[server].generation = 1;
  rig.recipe.servers[server].resolved = false;
  rig.apply();
  expect_dropped(frames[2]);
  rig.recipe.servers[server].resolved = true;
  rig.apply();
  expect_all_at(server, {frames[3]});
  rig.recipe.servers.clear();
  rig.recipe.turns.clear();
  rig.recipe.maglev.clear();
  rig.apply();
  expect_dropped(frames[3]);
}

TEST_F(ForwarderFragments, FollowADrainedServer) {
  const std::vector<Bytes> frames = datagram(1, 7);
  const uint32_t server = rig.send(frames[0]).server();
  rig.recipe.turns = rig.recipe.maglev = {(server + 1) % 3};
  rig.apply();
  expect_all_at(server, {frames[1], frames[2]});
}

TEST_F(ForwarderFragments, AreCountedForTheirServer) {
  const std::vector<Bytes> frames = datagram(1, 7);
  expect_held(frames[3]);
  const uint32_t server = rig.send(frames[0]).server();
  rig.send(frames[1]);
  rig.send(frames[2]);
  rig.released();
  EXPECT_EQ(rig.counters.server(server).packets.read(), 4u);
  EXPECT_EQ(rig.counters.server(server).bytes.read(), 3008u + 4 * 20);
  EXPECT_EQ(rig.counters.server(server).connections.read(), 1u);
}

TEST_F(ForwarderFragments, WhoseHeaderChecksumIsWrongAreDropped) {
  for (const Bytes& frame : datagram(1, 7)) {
    const Fate fate = rig.send(frame, RTE_MBUF_F_RX_IP_CKSUM_BAD);
    EXPECT_EQ(fate.reason, DropReason::bad_checksum);
  }
}

TEST_F(ForwarderFragments, AllComeBackAtTheEnd) {
  unsigned held = 0;
  for (uint16_t id = 0; id < 100; ++id) held += rig.send(datagram(1, id)[1]).kind == Fate::held;
  EXPECT_TRUE(rig.forwarder.holds_fragments());
  rig.forwarder.release_fragments();
  const std::vector<Fate> fates = rig.released();
  EXPECT_EQ(fates.size(), held);
  for (const Fate& fate : fates) EXPECT_EQ(fate.reason, DropReason::fragment);
  EXPECT_FALSE(rig.forwarder.holds_fragments());
}

}  // namespace
}  // namespace turnout
