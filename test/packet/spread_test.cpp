// A port with one queue and three workers: RSS in software, through real workers. All transmit by one queue.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <thread>

#include <rte_cycles.h>

#include "control/rebalancer.h"
#include "control/spread_indirection.h"
#include "control/spreading.h"
#include "control/statistics.h"
#include "control/wire.h"
#include "test/packet/test_ports.h"
#include "test/support/forwarder_rig.h"
#include "test/support/frame_changes.h"

namespace turnout::spread_test {
namespace {

constexpr unsigned kWorkers = 3;
constexpr uint16_t kBlue = 0, kRed = 2, kRedVlan = 20, kBlueVlan = 10;

class Spread : public testing::Test {
 protected:
  explicit Spread(bool trunk = false) : plan_(make_plan(trunk)), spreading_(plan_, 3) {
    SnapshotRecipe recipe;
    if (trunk) recipe.ingress_vlan = kBlueVlan;
    for (auto& server : recipe.servers) server.vlan = recipe.ingress_vlan;
    auto snapshot = std::make_unique<Snapshot>(recipe.make());
    if (trunk) snapshot->ports[kRed].vlan = kRedVlan;
    snapshots_.publish(std::move(snapshot));
    for (unsigned id = 0; id < kWorkers; ++id) {
      workers_.push_back(std::make_unique<Worker>(
          id, plan_.workers[id],
          Worker::Shared{snapshots_, tables_, wire_.to_control(), wire_.from_control()},
          statistics_.worker(id), Worker::Time{clock_, rte_get_tsc_hz()}, kRigSeed));
    }
  }
  ~Spread() override {
    for (const auto& worker : workers_) worker->drain();
    take();
    check_books();
    EXPECT_EQ(spreading_.waiting(), 0u);
    EXPECT_EQ(statistics_.packets().held, 0u);
    wire_.discard();
    EXPECT_EQ(ports_.buffers_in_use(), buffers_before_) << "packets were lost without being freed";
  }

  /// The queues of the device that is there, for more workers than it has queues.
  static QueuePlan make_plan(bool trunk) {
    const WorkerQueues there = TestPorts::instance().queues();
    PortQueues lan{.name = "lan", .device = there.receive[0].device};
    std::vector<PortQueues> ports{lan};
    if (trunk) {
      PortQueues other = lan;
      other.name = "other";
      other.device = there.receive[1].device;
      other.spread = SpreadPolicy::off;
      ports = {lan, other, lan};
    }
    return plan_queues(ports, kWorkers);
  }

  void start() {
    for (const auto& worker : workers_) worker->start();
  }
  void finish() {
    for (const auto& worker : workers_) worker->finish();
  }
  void put(const Bytes& frame) {
    ASSERT_TRUE(ports_.put(0, frame, {.headroom = 64}));
    ++frames_;
    octets_ += frame.size();
  }
  std::vector<Bytes> take() {
    std::vector<Bytes> frames = ports_.take(0);
    for (const Bytes& frame : ports_.take(1)) frames.push_back(frame);
    return frames;
  }
  void poll_all() {
    for (unsigned quiet = 0; quiet < 2;) {
      bool any = false;
      for (const auto& worker : workers_) any |= worker->poll();
      check_books();
      quiet = any ? 0 : quiet + 1;
    }
  }
  /// To the packet, at any moment at which no worker is in a pass.
  void check_books() const {
    const PacketTotals totals = statistics_.packets();
    ASSERT_EQ(totals.received(), totals.transmitted() + totals.punted() + totals.dropped());
    ASSERT_EQ(totals.received() + totals.held + ports_.arriving(0) + spreading_.waiting(), frames_);
    uint64_t handed = 0, taken = 0;
    for (unsigned id = 0; id < kWorkers; ++id) {
      handed += statistics_.worker(id).handed_over.read();
      taken += statistics_.worker(id).taken_over.read();
    }
    ASSERT_EQ(handed, taken + spreading_.waiting());
    if (totals.received() != frames_) return;
    uint64_t bytes = 0;
    for (const PortTotals& port : totals.ports) bytes += port.receive_bytes;
    ASSERT_EQ(bytes, octets_);
  }
  uint64_t drops(DropReason reason) const { return statistics_.drops(reason); }

  TestPorts& ports_ = TestPorts::instance();
  unsigned buffers_before_ = ports_.buffers_in_use();
  uint64_t frames_ = 0, octets_ = 0;
  TestTable table_{4096};
  WideTestTable wide_table_{4096};
  ConnectionTables tables_{*table_, *wide_table_};
  SnapshotSlot snapshots_{kWorkers};
  Wire wire_;
  Statistics statistics_{kWorkers};
  TickClock clock_{rte_rdtsc(), rte_get_tsc_hz() * 3600};
  QueuePlan plan_;
  Spreading spreading_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

/// A packet that says which of its flow it is.
Bytes numbered(unsigned flow, uint32_t place) {
  FrameFields fields;
  fields.source_port = static_cast<uint16_t>(1024 + flow);
  Bytes data(16);
  for (unsigned i = 0; i < 4; ++i) data[i] = static_cast<uint8_t>(place >> (8 * i));
  return tcp_frame(fields, kAck, data);
}

/// Each flow's packets have to come as 0, 1, 2 …
class Order {
 public:
  void see(const std::vector<Bytes>& frames) {
    for (const Bytes& frame : frames) {
      const unsigned flow = unsigned{frame.at(kTransportAt)} << 8 | frame.at(kTransportAt + 1);
      uint32_t place = 0;
      for (unsigned i = 0; i < 4; ++i) place |= uint32_t{frame.at(kTransportAt + 20 + i)} << (8 * i);
      ASSERT_EQ(place, next_[flow]) << "flow " << flow;
      ++next_[flow];
      ++seen;
    }
  }
  uint64_t seen = 0;

 private:
  std::map<unsigned, uint32_t> next_;
};

TEST_F(Spread, AllWorkersForwardAndEachFlowKeepsItsOrder) {
  start();
  constexpr unsigned kFlows = 60;
  Order order;
  std::mt19937 random(3);
  for (uint32_t place = 0; place < 50; ++place) {
    for (unsigned flow = 0; flow < kFlows; ++flow) put(numbered(flow, place));
    // Any worker may be ahead of the others.
    for (unsigned i = 0; i < 9; ++i) workers_[random() % kWorkers]->poll();
    check_books();
    order.see(take());
  }
  poll_all();
  order.see(take());
  EXPECT_EQ(order.seen, 50u * kFlows);
  for (unsigned id = 0; id < kWorkers; ++id) EXPECT_GT(statistics_.received_by(id), 50u * kFlows / 6);
  EXPECT_EQ(statistics_.worker(0).taken_over.read(), 0u) << "the poller keeps its own";
  finish();
}

TEST_F(Spread, ThreeThreadsForwardEverythingInOrder) {
  constexpr unsigned kFlows = 40;
  constexpr uint32_t kPlaces = 500;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (const auto& worker : workers_) threads.emplace_back([&] { worker->run(stop); });
  Order order;
  for (uint32_t place = 0; place < kPlaces; ++place) {
    for (unsigned flow = 0; flow < kFlows; ++flow) put(numbered(flow, place));
    // No more than the rings hold.
    while (frames_ - order.seen > SpreadLane::kRoom - kFlows) {
      order.see(take());
      std::this_thread::yield();
    }
  }
  stop.store(true);
  for (std::thread& thread : threads) thread.join();
  while (ports_.arriving(0) > 0) {  // what came too late for them
    start();
    workers_[0]->poll();
    finish();
  }
  for (const auto& worker : workers_) worker->drain();
  order.see(take());
  EXPECT_EQ(order.seen, uint64_t{kFlows} * kPlaces);
  for (unsigned id = 0; id < kWorkers; ++id) EXPECT_GT(statistics_.received_by(id), 0u);
}

TEST_F(Spread, FragmentsOfADatagramMeetWhateverTheirOrder) {
  start();
  std::set<unsigned> used;
  for (unsigned client = 0; client < 40; ++client) {
    FrameFields fields;
    fields.source = "203.0.113." + std::to_string(client + 1);
    fields.destination_port = 53;
    std::vector<Bytes> pieces =
        fragmented(udp_frame(fields, payload(3000)), static_cast<uint16_t>(client), 800);
    std::reverse(pieces.begin(), pieces.end());
    std::array<uint64_t, kWorkers> before{};
    for (unsigned id = 0; id < kWorkers; ++id) before[id] = statistics_.received_by(id);
    for (const Bytes& piece : pieces) put(piece);
    poll_all();
    ASSERT_EQ(take().size(), pieces.size());
    for (unsigned id = 0; id < kWorkers; ++id) {
      if (statistics_.received_by(id) > before[id]) used.insert(id);
    }
  }
  EXPECT_EQ(used.size(), kWorkers);
  EXPECT_EQ(drops(DropReason::fragment), 0u);
  finish();
}

TEST_F(Spread, WhatAFullRingHasNoRoomForIsDroppedByName) {
  start();
  constexpr unsigned kFlows = 60, kRounds = 80;
  for (unsigned place = 0; place < kRounds; ++place) {
    for (unsigned flow = 0; flow < kFlows; ++flow) put(numbered(flow, place));
    while (ports_.arriving(0) > 0) workers_[0]->poll();  // and nobody else
    check_books();
    take();
  }
  const uint64_t dropped = drops(DropReason::spread_full);
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(spreading_.waiting(), 2 * SpreadLane::kRoom);
  EXPECT_EQ(statistics_.received_by(0) + spreading_.waiting(), frames_);
  while (spreading_.waiting() > 0) {
    workers_[1]->poll();
    workers_[2]->poll();
    take();
  }
  poll_all();
  EXPECT_EQ(drops(DropReason::spread_full), dropped);
  EXPECT_EQ(drops(DropReason::transmit_full), 0u);
  finish();
}

TEST_F(Spread, WhatIsHandedOverWhenWorkersEndIsStillForwarded) {
  start();
  for (unsigned flow = 0; flow < 60; ++flow) put(numbered(flow, 0));
  while (ports_.arriving(0) > 0) workers_[0]->poll();
  finish();
  EXPECT_GT(spreading_.waiting(), 10u);
  for (const auto& worker : workers_) worker->drain();
  EXPECT_EQ(take().size(), 60u);
}

TEST_F(Spread, NeighborsQuestionsStayWithThePoller) {
  start();
  put(arp_frame(kBroadcastMac, {1, "02:00:00:00:00:c1", "192.0.2.1", kNoMac, "192.0.2.100"}));
  workers_[0]->poll();
  EXPECT_EQ(statistics_.packets().punts[static_cast<size_t>(PuntKind::arp)], 1u);
  EXPECT_EQ(statistics_.received_by(0), 1u);
  finish();
}

/// Flows that all are one worker's, until the rebalancer has seen that it is always busy and the others never
/// are: by what the workers themselves count.
TEST_F(Spread, RebalancedFlowsKeepTheirOrderAndTheirServers) {
  start();
  const Spreader& spreader = *spreading_.queues()[0].spreader;
  std::vector<unsigned> flows;
  for (unsigned flow = 0; flows.size() < 40; ++flow) {
    const Bytes frame = numbered(flow, 0);
    const auto length = static_cast<uint32_t>(frame.size());
    if (spreader.worker_for({frame.data(), length, length}) == 0) flows.push_back(flow);
  }
  std::vector<Rebalancer::Table> tables;
  tables.push_back({"lan", 0, std::make_unique<SpreadIndirection>(spreading_.queues()[0].spreader->table())});
  Rebalancer rebalancer(std::move(tables), {}, {1, 2, 3});
  Order order;
  std::mt19937 random(8);
  uint32_t place = 0;
  std::map<Bytes, std::set<Bytes>> macs;  // of servers, by ports
  for (unsigned second = 0; second < 40; ++second) {
    for (unsigned round = 0; round < 5; ++round, ++place) {
      for (const unsigned flow : flows) put(numbered(flow, place));
      while (ports_.arriving(0) > 0) workers_[0]->poll();
      for (unsigned i = 0; i < 3; ++i) workers_[1 + random() % 2]->poll();
      const std::vector<Bytes> sent = take();
      for (const Bytes& frame : sent) {
        macs[{frame.begin() + kTransportAt, frame.begin() + kTransportAt + 2}].insert(
            {frame.begin(), frame.begin() + 6});
      }
      order.see(sent);
    }
    std::vector<WorkerLoad> loads;
    for (unsigned id = 0; id < kWorkers; ++id) {
      const WorkerCounters& counters = statistics_.worker(id);
      loads.push_back({id, 0, 0, counters.busy_cycles.read(), counters.idle_cycles.read()});
    }
    rebalancer.tick(loads);
  }
  poll_all();
  order.see(take());
  EXPECT_EQ(order.seen, uint64_t{place} * flows.size());
  EXPECT_GE(rebalancer.moves(0), 1u);
  EXPECT_GT(statistics_.received_by(1) + statistics_.received_by(2), 0u) << "nobody else got any";
  for (const auto& [flow, servers] : macs) EXPECT_EQ(servers.size(), 1u) << "a flow changed its server";
  finish();
}

class SpreadTrunk : public Spread {
 protected:
  SpreadTrunk() : Spread(true) {}
};

TEST_F(SpreadTrunk, FramesAreCountedForThePortOfTheirVlan) {
  start();
  for (unsigned flow = 0; flow < 60; ++flow)
    put(tagged(numbered(flow, 0), flow % 3 == 0 ? kRedVlan : kBlueVlan));
  poll_all();
  EXPECT_EQ(take().size(), 60u);
  const PacketTotals totals = statistics_.packets();
  EXPECT_EQ(totals.ports[kRed].receive_packets, 20u);
  EXPECT_EQ(totals.ports[kBlue].receive_packets, 40u);
  for (unsigned id = 0; id < kWorkers; ++id) EXPECT_GT(statistics_.received_by(id), 0u);
  finish();
}

TEST_F(SpreadTrunk, SoIsWhatAFullRingHasNoRoomFor) {
  start();
  constexpr unsigned kFlows = 60, kRounds = 90;
  for (unsigned place = 0; place < kRounds; ++place) {
    for (unsigned flow = 0; flow < kFlows; ++flow)
      put(tagged(numbered(flow, place), flow % 3 == 0 ? kRedVlan : kBlueVlan));
    while (ports_.arriving(0) > 0) workers_[0]->poll();
    take();
  }
  EXPECT_GT(drops(DropReason::spread_full), 100u);
  while (spreading_.waiting() > 0) {
    for (const auto& worker : workers_) worker->poll();
    take();
  }
  const PacketTotals totals = statistics_.packets();
  EXPECT_EQ(totals.ports[kRed].receive_packets, kFlows / 3 * kRounds);
  EXPECT_EQ(totals.ports[kBlue].receive_packets, kFlows / 3 * 2 * kRounds);
  finish();
}

}  // namespace
}  // namespace turnout::spread_test
