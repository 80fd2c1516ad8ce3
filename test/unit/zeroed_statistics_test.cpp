#include "control/zeroed_statistics.h"

#include <gtest/gtest.h>

#include "test/support/test_config.h"

namespace turnout::zeroed_statistics_test {
namespace {

struct Zeroed : testing::Test {
  Registry registry;
  Statistics statistics{1};
  ZeroedStatistics shown{statistics, registry};
  uint64_t snapshot = 0;

  void apply(const std::vector<ServiceConfig>& services) {
    registry.update(config_with(services), ++snapshot);
  }
  void reclaim() {
    for (const auto& released : registry.reclaim(snapshot)) {
      shown.forget(released);
      statistics.settle(released);
    }
  }
  void count(uint32_t slot, uint64_t connections) {
    statistics.worker(0).traffic(slot).packets.add(connections * 10);
    statistics.worker(0).traffic(slot).bytes.add(connections * 1000);
    statistics.worker(0).server(slot).connections.add(connections);
    statistics.worker(0).server(slot).active.add(connections);
    statistics.worker(0).server(slot).inactive.add(1);
  }
  const Registry::Service& numbers(uint16_t port = 80) const { return registry.service(web(port)); }
  uint32_t slot(int server, uint16_t port = 80) const {
    return numbers(port).servers.at(ip("192.0.2." + std::to_string(server))).slot;
  }
};

TEST_F(Zeroed, ShowsAllThatWasCountedBeforeItIsZeroed) {
  apply({service(web(), {11, 12})});
  count(slot(11), 5);
  EXPECT_EQ(shown.server(slot(11)).connections, 5u);
  EXPECT_EQ(shown.service(numbers()).packets, 50u);
}

TEST_F(Zeroed, BeginsAtZeroAndTheCountersGoOn) {
  apply({service(web(), {11, 12})});
  count(slot(11), 5);
  shown.zero(numbers());
  EXPECT_EQ(shown.server(slot(11)).connections, 0u);
  EXPECT_EQ(shown.server(slot(11)).packets, 0u);
  EXPECT_EQ(shown.server(slot(11)).bytes, 0u);
  EXPECT_EQ(shown.service(numbers()).packets, 0u);
  count(slot(11), 2);
  count(slot(12), 1);
  EXPECT_EQ(shown.server(slot(11)).connections, 2u);
  EXPECT_EQ(shown.server(slot(12)).bytes, 1000u);
  EXPECT_EQ(shown.service(numbers()).connections, 3u);
  EXPECT_EQ(statistics.server(slot(11)).connections, 7u);
  EXPECT_EQ(statistics.service(numbers(), registry).connections, 8u);
  shown.zero(numbers());
  EXPECT_EQ(shown.service(numbers()).connections, 0u) << "as often as is wanted";
}

TEST_F(Zeroed, HasAsManyActiveConnectionsAsBefore) {
  apply({service(web(), {11})});
  count(slot(11), 5);
  shown.zero(numbers());
  EXPECT_EQ(shown.server(slot(11)).active, 5u);
  EXPECT_EQ(shown.server(slot(11)).inactive, 1u);
  EXPECT_EQ(shown.service(numbers()).active, 5u);
}

TEST_F(Zeroed, LeavesOtherServicesAlone) {
  apply({service(web(80), {11}), service(web(81), {11})});
  count(slot(11, 80), 5);
  count(slot(11, 81), 6);
  shown.zero(numbers(80));
  EXPECT_EQ(shown.server(slot(11, 81)).connections, 6u);
  EXPECT_EQ(shown.service(numbers(81)).connections, 6u);
}

TEST_F(Zeroed, KeepsToItsServiceWhenServersGo) {
  apply({service(web(), {11, 12})});
  count(slot(11), 5);
  count(slot(12), 3);
  shown.zero(numbers());
  count(slot(12), 2);
  apply({service(web(), {11})});
  EXPECT_EQ(shown.service(numbers()).connections, 2u) << "while workers may still count for it";
  reclaim();
  EXPECT_EQ(shown.service(numbers()).connections, 2u) << "and after";
}

TEST_F(Zeroed, LeavesNothingToTheNextOfANumber) {
  apply({service(web(), {11})});
  const uint32_t reused = slot(11);
  count(reused, 5);
  shown.zero(numbers());
  apply({});
  reclaim();
  apply({service(web(81), {12})});
  ASSERT_EQ(slot(12, 81), reused);
  count(reused, 1);
  EXPECT_EQ(shown.server(reused).connections, 1u);
  EXPECT_EQ(shown.service(numbers(81)).connections, 1u);
}

}  // namespace
}  // namespace turnout::zeroed_statistics_test
