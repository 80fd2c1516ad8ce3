// How long fragments wait, how many, what floods of them do, and which of them nobody is found for.
#include <gtest/gtest.h>

#include "test/support/frame_changes.h"
#include "test/support/frames6.h"
#include "test/unit/forwarder_fragments.h"

namespace turnout::forwarder_fragment_limits_test {
namespace {

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
    for (const size_t i : {1u, 3u, 5u, 7u}) ASSERT_EQ(fates[i].kind, Fate::transmitted) << "round " << round;
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
  EXPECT_EQ(rig.counters.traffic(server).packets.read(), 4u);
  EXPECT_EQ(rig.counters.traffic(server).bytes.read(), 3008u + 4 * 20);
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
}  // namespace turnout::forwarder_fragment_limits_test
