#include "control/statistics.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "test/support/test_config.h"

namespace turnout::statistics_test {
namespace {

void count(WorkerCounters& counters, uint32_t slot, uint64_t connections) {
  ServerCounters& server = counters.server(slot);
  counters.traffic(slot).packets.add(connections * 10);
  counters.traffic(slot).bytes.add(connections * 1000);
  server.connections.add(connections);
  server.active.add(connections);
}

TEST(Statistics, AddsUpWhatAllWorkersCounted) {
  Statistics statistics(3);
  EXPECT_EQ(statistics.workers(), 3u);
  for (unsigned id = 0; id < 3; ++id) {
    PacketCounters& packets = statistics.worker(id).packets;
    packets.ports[0].receive_packets.add(10);
    packets.ports[1].transmit_packets.add(7);
    packets.drops[static_cast<size_t>(DropReason::fragment)].add(2);
    packets.punts[static_cast<size_t>(PuntKind::arp)].add(1);
    statistics.worker(id).ipv4_table.inserted.add(5);
  }
  statistics.worker(0).packets.originated.add(1);
  statistics.worker(0).packets.ports[1].transmit_packets.add(1);
  statistics.control().ipv4_table.expired.add(4);
  const PacketTotals totals = statistics.packets();
  EXPECT_EQ(totals.received(), 30u);
  EXPECT_EQ(totals.transmitted(), 21u);
  EXPECT_EQ(totals.dropped(), 6u);
  EXPECT_EQ(totals.punted(), 3u);
  EXPECT_EQ(totals.originated, 1u);
  EXPECT_EQ(totals.received(), totals.transmitted() + totals.dropped() + totals.punted());
  EXPECT_EQ(statistics.drops(DropReason::fragment), 6u);
  EXPECT_EQ(statistics.received_by(1), 10u);
  EXPECT_EQ(statistics.ipv4_table().entries(), 11u);
}

TEST(Statistics, AConnectionMayEndOnAnotherWorkerThanItBegan) {
  Statistics statistics(2);
  statistics.worker(0).server(4).active.add(3);
  statistics.worker(1).server(4).active.subtract(2);
  EXPECT_EQ(statistics.server(4).active, 1u);
  statistics.control().server(4).active.subtract(2);
  EXPECT_EQ(statistics.server(4).active, 0u) << "the end was seen before the beginning";
}

TEST(WorkerCounters, ShowWholeBurstsOnlyWhileTheirWorkerCounts) {
  WorkerCounters counters;
  std::atomic<bool> stop{false};
  std::thread worker([&] {
    while (!stop.load(std::memory_order_relaxed)) {
      for (const WorkerCounters::Update update(counters); const uint64_t packets : {20u, 12u}) {
        counters.packets.ports[0].receive_packets.add(packets);
        counters.packets.ports[0].transmit_packets.add(packets);
      }
    }
  });
  uint64_t last = 0, wrong = 0;
  for (int looks = 0; looks < 20'000 || last < 100'000; ++looks) {
    uint64_t received = 0, transmitted = 0;
    const bool whole = counters.read_consistently(1000, [&] {
      received = counters.packets.ports[0].receive_packets.read();
      transmitted = counters.packets.ports[0].transmit_packets.read();
    });
    if (!whole) {  // the worker was interrupted in the middle
      std::this_thread::yield();
      continue;
    }
    wrong += received != transmitted || received % 32 != 0 || received < last;
    last = received;
  }
  stop.store(true);
  worker.join();
  EXPECT_EQ(wrong, 0u);
}

TEST(WorkerCounters, GivesUpReadingAWorkerThatStandsStillInTheMiddle) {
  WorkerCounters counters;
  unsigned reads = 0;
  const auto read = [&] { ++reads; };
  EXPECT_TRUE(counters.read_consistently(5, read));
  EXPECT_EQ(reads, 1u);
  {
    const WorkerCounters::Update update(counters);
    EXPECT_FALSE(counters.read_consistently(5, read));
    EXPECT_EQ(reads, 6u);
  }
  EXPECT_TRUE(counters.read_consistently(5, read));
}

TEST(WorkerCounters, TriesAgainIfAnUpdateBeganMeanwhile) {
  WorkerCounters counters;
  unsigned reads = 0;
  EXPECT_TRUE(counters.read_consistently(5, [&] {
    if (++reads == 1) const WorkerCounters::Update update(counters);
  }));
  EXPECT_EQ(reads, 2u);
}

struct RemovedServers : testing::Test {
  Registry registry;
  Statistics statistics{2};
  uint64_t snapshot = 0;

  void apply(const std::vector<int>& numbers) {
    registry.update(config_with({service(web(), numbers)}), ++snapshot);
  }
  void reclaim() {
    for (const auto& released : registry.reclaim(snapshot)) statistics.settle(released);
  }
  uint32_t slot(int server) const {
    return registry.service(web()).servers.at(ip("192.0.2." + std::to_string(server))).slot;
  }
  ServerTotals of_service() const { return statistics.service(registry.service(web()), registry); }
};

TEST_F(RemovedServers, StayInTheSumsOfTheirService) {
  apply({11, 12});
  count(statistics.worker(0), slot(11), 5);
  count(statistics.worker(1), slot(12), 3);
  EXPECT_EQ(of_service().connections, 8u);
  EXPECT_EQ(of_service().active, 8u);
  apply({11});
  EXPECT_EQ(of_service().connections, 8u) << "while workers may still count for it";
  EXPECT_EQ(of_service().active, 5u) << "but its connections are not the service's any more";
  reclaim();
  EXPECT_EQ(of_service().connections, 8u) << "and after";
  EXPECT_EQ(of_service().packets, 80u);
  EXPECT_EQ(of_service().bytes, 8000u);
  EXPECT_EQ(of_service().active, 5u);
}

TEST_F(RemovedServers, LeaveNothingToTheNextServerOfTheirSlot) {
  apply({11, 12});
  const uint32_t reused = slot(12);
  count(statistics.worker(0), reused, 3);
  apply({11});
  reclaim();
  apply({11, 13});
  ASSERT_EQ(slot(13), reused);
  EXPECT_EQ(statistics.server(reused).connections, 0u);
  EXPECT_EQ(statistics.server(reused).active, 0u);
  count(statistics.worker(1), reused, 2);
  EXPECT_EQ(statistics.server(reused).connections, 2u);
  EXPECT_EQ(statistics.server(reused).active, 2u);
  EXPECT_EQ(of_service().connections, 5u);
}

TEST_F(RemovedServers, OfAServiceThatIsGoneAreForgotten) {
  apply({11});
  count(statistics.worker(0), slot(11), 3);
  registry.update(config_with({}), ++snapshot);
  reclaim();
  apply({14});
  EXPECT_EQ(registry.service(web()).index, 1);
  EXPECT_EQ(of_service().connections, 0u);
}

}  // namespace
}  // namespace turnout::statistics_test
