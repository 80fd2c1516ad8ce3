// Fragments: all of a datagram go where its first went, in whatever order they come.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "test/support/frame_changes.h"
#include "test/support/frames6.h"
#include "test/unit/forwarder_fragments.h"

namespace turnout::forwarder_fragments_test {
namespace {

std::vector<Bytes> reversed(std::vector<Bytes> frames) {
  std::reverse(frames.begin(), frames.end());
  return frames;
}

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

}  // namespace
}  // namespace turnout::forwarder_fragments_test
