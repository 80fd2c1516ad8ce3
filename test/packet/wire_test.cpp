// Control's end of the rings: what it sees of frames that are tagged, or lie in several buffers.
#include "control/wire.h"

#include <gtest/gtest.h>

#include <optional>

#include <rte_mbuf.h>

#include "test/packet/test_ports.h"

namespace turnout {
namespace {

constexpr size_t kTagged = 0, kUntagged = 1;
constexpr uint16_t kVlan = 0x123;

/// With an 802.1Q tag between the source address and the Ethertype.
Bytes tagged(Bytes frame, uint16_t tag) {
  const Bytes octets = {0x81, 0x00, static_cast<uint8_t>(tag >> 8), static_cast<uint8_t>(tag)};
  frame.insert(frame.begin() + 12, octets.begin(), octets.end());
  return frame;
}

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

  ~WireTest() override {
    wire_.discard();
    EXPECT_EQ(rte_mempool_in_use_count(pool_.get()), 0u);
    EXPECT_EQ(rte_mempool_in_use_count(rte_mempool_lookup("control")), 0u);
  }

  /// As a worker punts it, in buffers of at most `piece` octets.
  void punt(const Bytes& frame, PuntNote note, uint16_t port, size_t piece = 2048) {
    rte_mbuf* packet = nullptr;
    for (size_t at = 0; at < frame.size(); at += piece) {
      rte_mbuf* part = rte_pktmbuf_alloc(pool_.get());
      const auto size = static_cast<uint16_t>(std::min(piece, frame.size() - at));
      std::copy_n(frame.data() + at, size, reinterpret_cast<uint8_t*>(rte_pktmbuf_append(part, size)));
      if (packet) {
        ASSERT_EQ(rte_pktmbuf_chain(packet, part), 0);
      } else {
        packet = part;
      }
    }
    packet->port = port;
    packet->hash.usr = note.bits();
    ASSERT_EQ(rte_ring_enqueue(wire_.to_control(), packet), 0);
  }

  std::vector<Taken> receive(unsigned most = 32) {
    std::vector<Taken> all;
    wire_.receive(most, [&](PuntNote note, size_t port, std::span<const uint8_t> frame) {
      all.push_back({note, port, {frame.begin(), frame.end()}});
    });
    return all;
  }
  Bytes through(const Bytes& frame, size_t piece = 2048) {
    punt(frame, {PuntKind::arp}, kUntagged, piece);
    const std::vector<Taken> all = receive();
    return all.size() == 1 ? all[0].frame : Bytes{};
  }

  /// What worker 0 would send.
  std::optional<std::pair<uint16_t, Bytes>> sent() {
    void* entry = nullptr;
    if (rte_ring_dequeue(wire_.from_control(), &entry) != 0) return std::nullopt;
    auto* packet = static_cast<rte_mbuf*>(entry);
    Bytes frame(packet->pkt_len);
    const void* data = rte_pktmbuf_read(packet, 0, packet->pkt_len, frame.data());
    if (data != frame.data()) std::copy_n(static_cast<const uint8_t*>(data), frame.size(), frame.begin());
    const uint16_t port = packet->port;
    rte_pktmbuf_free(packet);
    return std::pair{port, frame};
  }

  Mempool pool_ = make_packet_pool("wire-test", 1023);
  Wire wire_{{kVlan}};
};

TEST_F(WireTest, WhatAWorkerSaysOfAFrameArrivesWithIt) {
  punt(frame_of_size(60), {PuntKind::too_big, 1492}, kUntagged);
  const std::vector<Taken> all = receive();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].note.kind, PuntKind::too_big);
  EXPECT_EQ(all[0].note.mtu, 1492);
  EXPECT_EQ(all[0].port, kUntagged);
  EXPECT_EQ(all[0].frame, frame_of_size(60));
}

TEST_F(WireTest, NoMoreFramesAreTakenThanWereAskedFor) {
  for (int i = 0; i < 5; ++i) punt(frame_of_size(60), {PuntKind::arp}, kUntagged);
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
  EXPECT_TRUE(wire_.send(kUntagged, frame_of_size(60)));
  EXPECT_EQ(sent(), (std::pair{uint16_t{kUntagged}, frame_of_size(60)}));
  EXPECT_FALSE(sent());
}

TEST_F(WireTest, AFrameOnAVlanIsSentWithItsTag) {
  EXPECT_TRUE(wire_.send(kTagged, frame_of_size(60)));
  EXPECT_EQ(sent(), (std::pair{uint16_t{kTagged}, tagged(frame_of_size(60), kVlan)}));
}

TEST_F(WireTest, ALongFrameIsSentInSeveralBuffers) {
  EXPECT_TRUE(wire_.send(kTagged, frame_of_size(9018)));
  EXPECT_EQ(sent(), (std::pair{uint16_t{kTagged}, tagged(frame_of_size(9018), kVlan)}));
}

TEST_F(WireTest, WhatCannotBeSentIsCountedAsLost) {
  EXPECT_FALSE(wire_.send(kUntagged, frame_of_size(Wire::kLongestFrame + 1)));
  EXPECT_FALSE(wire_.send(kUntagged, {}));
  EXPECT_EQ(wire_.lost(), 2u);
  unsigned long_ones = 0;
  while (wire_.send(kUntagged, frame_of_size(9018))) ++long_ones;
  EXPECT_EQ(wire_.lost(), 3u);
  EXPECT_EQ(long_ones, 4095u / 5) << "until no buffer is left";
}

}  // namespace
}  // namespace turnout
