// Control's end of the rings: what it sees of frames that are tagged, or lie in several buffers.
#include "control/wire.h"

#include <gtest/gtest.h>

#include "test/packet/wire_bench.h"
#include "test/support/frame_changes.h"

namespace turnout {
namespace {

constexpr size_t kTagged = 0, kUntagged = 1;
constexpr uint16_t kVlan = 0x123;

Bytes frame_of_size(size_t size) {
  return ethernet_frame("02:00:00:00:01:00", "02:00:00:00:00:c1", 0x0800, payload(size - 14));
}

class WireTest : public testing::Test {
 protected:
  struct Taken {
    PuntNote note;
    size_t port;
    Bytes frame;
  };

  std::vector<Taken> receive(unsigned most = 32) {
    std::vector<Taken> all;
    bench_.wire.receive(most, [&](PuntNote note, size_t port, std::span<const uint8_t> frame) {
      all.push_back({note, port, {frame.begin(), frame.end()}});
    });
    return all;
  }
  Bytes through(const Bytes& frame, size_t piece = 2048) {
    bench_.punt(frame, {PuntKind::arp}, kUntagged, piece);
    const std::vector<Taken> all = receive();
    return all.size() == 1 ? all[0].frame : Bytes{};
  }

  WireBench bench_{{kVlan}};
};

TEST_F(WireTest, WhatAWorkerSaysOfAFrameArrivesWithIt) {
  bench_.punt(frame_of_size(60), {PuntKind::too_big, 1492}, kUntagged);
  const std::vector<Taken> all = receive();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].note.kind, PuntKind::too_big);
  EXPECT_EQ(all[0].note.mtu, 1492);
  EXPECT_EQ(all[0].port, kUntagged);
  EXPECT_EQ(all[0].frame, frame_of_size(60));
}

TEST_F(WireTest, NoMoreFramesAreTakenThanWereAskedFor) {
  for (int i = 0; i < 5; ++i) bench_.punt(frame_of_size(60), {PuntKind::arp}, kUntagged);
  EXPECT_EQ(receive(3).size(), 3u);
  EXPECT_EQ(receive(3).size(), 2u);
}

TEST_F(WireTest, ATagIsTakenOutWhateverItsPriority) {
  for (const uint16_t tag : {uint16_t{kVlan}, uint16_t{0xE000 | kVlan}, uint16_t{0}, uint16_t{0x6000}}) {
    EXPECT_EQ(through(tagged(frame_of_size(60), tag)), frame_of_size(60)) << "tag " << tag;
  }
}

TEST_F(WireTest, AFrameTooShortForATagIsLeftAsItIs) {
  const Bytes stump = {2, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0xc1, 0x81, 0x00, 0x01, 0x23, 0x08};
  EXPECT_EQ(through(stump), stump);
}

TEST_F(WireTest, AFrameInSeveralBuffersArrivesInOnePiece) {
  EXPECT_EQ(through(frame_of_size(9018)), frame_of_size(9018));
  EXPECT_EQ(through(frame_of_size(9018), 1000), frame_of_size(9018));
  EXPECT_EQ(through(tagged(frame_of_size(9018), kVlan), 1500), frame_of_size(9018));
  EXPECT_EQ(through(frame_of_size(Wire::kLongestFrame)), frame_of_size(Wire::kLongestFrame));
}

TEST_F(WireTest, ALongerFrameIsLeftOut) {
  EXPECT_EQ(through(frame_of_size(Wire::kLongestFrame + 1)), Bytes{});
}

TEST_F(WireTest, AFrameIsSentOnItsPortAsItIs) {
  EXPECT_TRUE(bench_.wire.send(kUntagged, frame_of_size(60)));
  EXPECT_EQ(bench_.sent(), (std::vector{Sent{kUntagged, frame_of_size(60)}}));
}

TEST_F(WireTest, AFrameOnAVlanIsSentWithItsTag) {
  EXPECT_TRUE(bench_.wire.send(kTagged, frame_of_size(60)));
  EXPECT_EQ(bench_.sent(), (std::vector{Sent{kTagged, tagged(frame_of_size(60), kVlan)}}));
}

TEST_F(WireTest, ALongFrameIsSentInSeveralBuffers) {
  EXPECT_TRUE(bench_.wire.send(kTagged, frame_of_size(9018)));
  EXPECT_EQ(bench_.sent(), (std::vector{Sent{kTagged, tagged(frame_of_size(9018), kVlan)}}));
}

TEST_F(WireTest, WhatCannotBeSentIsCountedAsLost) {
  EXPECT_FALSE(bench_.wire.send(kUntagged, frame_of_size(Wire::kLongestFrame + 1)));
  EXPECT_FALSE(bench_.wire.send(kUntagged, {}));
  EXPECT_EQ(bench_.wire.lost(), 2u);
  unsigned long_ones = 0;
  while (bench_.wire.send(kUntagged, frame_of_size(9018))) ++long_ones;
  EXPECT_EQ(bench_.wire.lost(), 3u);
  EXPECT_EQ(long_ones, 4095u / 5) << "until no buffer is left";
}

}  // namespace
}  // namespace turnout
