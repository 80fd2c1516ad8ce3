// A device that is two ports, each with a VLAN of its own: which of them a frame is counted for, and the tag
// that it leaves with. The worker alone, with a snapshot made by hand.
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include <rte_cycles.h>

#include "control/wire.h"
#include "test/packet/test_ports.h"
#include "test/support/forwarder_rig.h"
#include "test/support/frame_changes.h"
#include "test/support/frames6.h"

namespace turnout {
namespace {

constexpr uint16_t kBlue = 0, kPlain = 1, kRed = 2;  // ports: blue and red on the first device
constexpr uint16_t kBlueVlan = 10, kRedVlan = 20;
constexpr Arrival kRoomy{.headroom = 128};

/// Server 0 is on the red VLAN, server 1 on the blue one, server 2 on the plain port. All connections go to
/// one.
std::unique_ptr<const Snapshot> make_snapshot(uint32_t server) {
  SnapshotRecipe recipe;
  recipe.maglev = {server};
  recipe.ingress_vlan = kBlueVlan;
  recipe.servers[0] = {.egress = kRed, .vlan = kRedVlan};
  recipe.servers[1] = {.egress = kBlue, .vlan = kBlueVlan};
  recipe.servers[2] = {.egress = kPlain};
  auto snapshot = std::make_unique<Snapshot>(recipe.make());
  snapshot->ports[kRed].vlan = kRedVlan;
  snapshot->has_tags = true;
  return snapshot;
}

class Trunk : public testing::Test {
 protected:
  Trunk() {
    snapshots_.publish(make_snapshot(0));
    worker_.start();
  }
  ~Trunk() override {
    poll();
    worker_.finish();
    take();
    check_books();
    wire_.discard();
    EXPECT_EQ(ports_.buffers_in_use(), buffers_before_);
  }
  void all_go_to(uint32_t server) { snapshots_.publish(make_snapshot(server)); }

  void put(const Bytes& frame, Arrival how = kRoomy, size_t device = 0) {
    ASSERT_TRUE(ports_.put(device, frame, how));
    octets_ += frame.size();
    ++frames_;
  }
  /// What left by the first device (0) or the second.
  std::vector<std::pair<size_t, Bytes>> poll() {
    while (arriving() > 0) worker_.poll();
    check_books();
    return take();
  }
  std::vector<std::pair<size_t, Bytes>> pass(const Bytes& frame, Arrival how = kRoomy) {
    put(frame, how);
    return poll();
  }
  uint64_t received(uint16_t port) const { return counters_->packets.ports[port].receive_packets.read(); }
  uint64_t received_bytes(uint16_t port) const { return counters_->packets.ports[port].receive_bytes.read(); }
  uint64_t sent(uint16_t port) const { return counters_->packets.ports[port].transmit_packets.read(); }
  uint64_t sent_bytes(uint16_t port) const { return counters_->packets.ports[port].transmit_bytes.read(); }
  uint64_t drops(DropReason reason) const {
    return counters_->packets.drops[static_cast<size_t>(reason)].read();
  }
  Wire& wire() { return wire_; }
  unsigned arriving() const { return ports_.arriving(0) + ports_.arriving(1); }

  void check_books() const {
    const PacketCounters& packets = counters_->packets;
    uint64_t in = 0, bytes = 0, out = 0;
    for (const PortCounters& port : packets.ports) {
      in += port.receive_packets.read();
      bytes += port.receive_bytes.read();
      out += port.transmit_packets.read();
    }
    for (const Counter& counter : packets.drops) out += counter.read();
    for (const Counter& counter : packets.punts) out += counter.read();
    ASSERT_EQ(in, out);
    ASSERT_EQ(in + packets.held.read() + arriving(), frames_);
    if (packets.held.read() + arriving() > 0) return;
    ASSERT_EQ(bytes, octets_);
  }

 private:
  std::vector<std::pair<size_t, Bytes>> take() {
    std::vector<std::pair<size_t, Bytes>> all;
    for (size_t device = 0; device < kTestPorts; ++device) {
      for (Bytes& frame : ports_.take(device)) all.emplace_back(device, std::move(frame));
    }
    return all;
  }
  WorkerQueues queues() const {
    WorkerQueues queues = ports_.queues();
    queues.receive[0].trunk = {kBlue, kRed};
    queues.transmit[kRed] = queues.transmit[kBlue];
    return queues;
  }

  TestPorts& ports_ = TestPorts::instance();
  unsigned buffers_before_ = ports_.buffers_in_use();
  uint64_t frames_ = 0, octets_ = 0;
  TestTable table_{1024};
  WideTestTable wide_table_{1024};
  ConnectionTables tables_{*table_, *wide_table_};
  SnapshotSlot snapshots_{1};
  Wire wire_;
  std::unique_ptr<WorkerCounters> counters_ = std::make_unique<WorkerCounters>();
  TickClock clock_{rte_rdtsc(), rte_get_tsc_hz() * 3600};
  Worker worker_{0,
                 queues(),
                 {snapshots_, tables_, wire_.to_control(), wire_.from_control()},
                 *counters_,
                 {clock_, rte_get_tsc_hz()},
                 kRigSeed};
};

Bytes to_server(const Bytes& frame, const char* mac) {
  return redirected(frame, mac, "02:00:00:00:01:00");
}
using Left = std::vector<std::pair<size_t, Bytes>>;

TEST_F(Trunk, AFrameChangesItsVlanOnOneDevice) {
  const Bytes frame = tcp_frame({}, kSyn, payload(100));
  EXPECT_EQ(pass(tagged(frame, 0x6000 | kBlueVlan)),
            (Left{{0, to_server(tagged(frame, 0x6000 | kRedVlan), "02:00:00:00:02:00")}}));
  EXPECT_EQ(received(kBlue), 1u);
  EXPECT_EQ(sent(kRed), 1u);
  EXPECT_EQ(sent(kBlue) + received(kRed), 0u);
  EXPECT_EQ(received_bytes(kBlue), frame.size() + 4);
  EXPECT_EQ(sent_bytes(kRed), frame.size() + 4);
}

TEST_F(Trunk, AFrameLosesItsTagOnTheWayToAnotherDevice) {
  all_go_to(2);
  const Bytes frame = tcp6_frame({}, kSyn, payload(100));
  EXPECT_EQ(pass(tagged(frame, kRedVlan)), (Left{{1, to_server(frame, "02:00:00:00:02:02")}}));
  EXPECT_EQ(received_bytes(kRed), frame.size() + 4);
  EXPECT_EQ(sent_bytes(kPlain), frame.size());
}

TEST_F(Trunk, EachPortHasExactBooks) {
  const Bytes frame = tcp_frame({}, kAck, payload(50));
  FrameFields elsewhere;
  elsewhere.destination = "192.0.2.77";
  for (int i = 0; i < 3; ++i) put(tagged(frame, kBlueVlan));
  for (int i = 0; i < 5; ++i) put(tagged(frame, kRedVlan));
  put(tagged(tcp_frame(elsewhere, kSyn), kRedVlan));
  EXPECT_EQ(poll().size(), 8u);
  EXPECT_EQ(received(kBlue), 3u);
  EXPECT_EQ(received(kRed), 6u);
  EXPECT_EQ(sent(kRed), 8u);
  EXPECT_EQ(received_bytes(kBlue), 3 * (frame.size() + 4));
  EXPECT_EQ(received_bytes(kRed), 5 * (frame.size() + 4) + 58);
  EXPECT_EQ(drops(DropReason::not_our_address), 1u);
}

TEST_F(Trunk, WhatIsOfNeitherVlanIsDroppedAndCountedForTheFirst) {
  const Bytes frame = tcp_frame({}, kSyn);
  for (const Bytes& stray : {frame, tagged(frame, 30), tagged(frame, 0), tagged(frame, 0xE000)})
    EXPECT_TRUE(pass(stray).empty());
  EXPECT_EQ(drops(DropReason::unknown_vlan), 4u);
  EXPECT_TRUE(pass(tagged(tagged(frame, kRedVlan), kBlueVlan)).empty());
  EXPECT_TRUE(pass(with_octets(tagged(frame, kRedVlan), 12, {0x88, 0xA8})).empty());
  EXPECT_EQ(drops(DropReason::stacked_vlan), 2u);
  for (size_t size = 1; size < 18; ++size) EXPECT_TRUE(pass(cut_to(tagged(frame, kRedVlan), size)).empty());
  EXPECT_EQ(received(kBlue), 4u + 2 + 17);
  EXPECT_EQ(received(kRed), 0u);
}

TEST_F(Trunk, FramesOfOneFlowKeepTheirOrder) {
  for (uint16_t i = 0; i < 60; ++i)
    put(tagged(tcp_frame({}, kAck, payload(i)), i % 3 == 0 ? kRedVlan : kBlueVlan));
  std::array<size_t, 2> last{};
  const Left left = poll();
  ASSERT_EQ(left.size(), 60u);
  for (const auto& [device, frame] : left) {
    const size_t data = frame.size() - 58;
    size_t& before = last[data % 3 == 0];
    EXPECT_GE(data, before);
    before = data;
  }
}

TEST_F(Trunk, AFrameWithoutRoomForATagIsDropped) {
  const Bytes frame = tcp_frame({}, kSyn);
  put(frame, {.headroom = 2}, 1);
  put(frame, {.headroom = 4}, 1);
  put(tagged(frame, kBlueVlan), {.headroom = 0});  // has one already
  const Left left = poll();
  EXPECT_EQ(left.size(), 2u);
  for (const auto& [device, sent_frame] : left)
    EXPECT_EQ(sent_frame, to_server(tagged(frame, kRedVlan), "02:00:00:00:02:00"));
  EXPECT_EQ(drops(DropReason::no_headroom), 1u);
}

TEST_F(Trunk, FragmentsThatWaitAreCountedForThePortThatTheyCameBy) {
  FrameFields fields;
  fields.destination_port = 53;
  const std::vector<Bytes> pieces = fragmented(udp_frame(fields, payload(2000)), 7, 800);
  EXPECT_TRUE(pass(tagged(pieces[2], kRedVlan)).empty());
  EXPECT_TRUE(pass(tagged(pieces[1], kBlueVlan)).empty());
  EXPECT_EQ(received(kRed) + received(kBlue), 0u);
  EXPECT_EQ(pass(tagged(pieces[0], kBlueVlan)),
            (Left{{0, to_server(tagged(pieces[0], kRedVlan), "02:00:00:00:02:00")},
                  {0, to_server(tagged(pieces[2], kRedVlan), "02:00:00:00:02:00")},
                  {0, to_server(tagged(pieces[1], kRedVlan), "02:00:00:00:02:00")}}));
  EXPECT_EQ(received(kBlue), 2u);
  EXPECT_EQ(received(kRed), 1u);
}

TEST_F(Trunk, ControlIsToldWhichOfThePortsItIs) {
  const Bytes who_has =
      arp_frame(kBroadcastMac, {1, "02:00:00:00:00:c1", "192.0.2.1", kNoMac, "192.0.2.100"});
  put(tagged(who_has, kRedVlan));
  put(tagged(who_has, kBlueVlan));
  EXPECT_TRUE(poll().empty());
  std::vector<size_t> ports;
  wire().receive(32, [&](PuntNote note, size_t port, std::span<const uint8_t> frame) {
    EXPECT_EQ(note.kind, PuntKind::arp);
    EXPECT_EQ(Bytes(frame.begin(), frame.end()), who_has);
    ports.push_back(port);
  });
  EXPECT_EQ(ports, (std::vector<size_t>{kBlue, kRed})) << "of one burst those of the first port come first";
}

TEST_F(Trunk, BooksBalanceOverBrokenFrames) {
  std::mt19937 random(5);
  FrameFields udp;
  udp.destination_port = 53;
  std::vector<Bytes> originals = fragmented(udp_frame(udp, payload(300)), 7, 96);
  originals.push_back(tcp_frame({}, kAck, payload(20)));
  originals.push_back(tcp6_frame({}, kAck, payload(20)));
  originals.push_back(icmp_error({}, 3, ip_packet_of(tcp_frame(turned_round(FrameFields{}), kAck))));
  constexpr std::array<uint16_t, 5> kTags{kBlueVlan, kRedVlan, 0xA000 | kRedVlan, 30, 0};
  for (unsigned i = 0; i < 100'000 && !HasFatalFailure(); ++i) {
    Bytes frame = originals[random() % originals.size()];
    if (random() % 8 != 0) frame = tagged(std::move(frame), kTags[random() % kTags.size()]);
    for (auto changes = random() % 3; changes > 0; --changes)
      frame[random() % std::min<size_t>(frame.size(), 70)] = static_cast<uint8_t>(random());
    if (random() % 8 == 0) frame = cut_to(frame, 1 + random() % frame.size());
    put(frame, {.headroom = static_cast<uint16_t>(random() % 4 * 2)});
    if (i % 64 != 63) continue;
    poll();
    wire().discard();
  }
  EXPECT_GT(drops(DropReason::no_headroom) + drops(DropReason::unknown_vlan), 1000u);
  EXPECT_GT(sent(kRed), 1000u);
  EXPECT_GT(received(kRed), 1000u);
}

}  // namespace
}  // namespace turnout
