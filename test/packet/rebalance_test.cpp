// The redirection table of a real driver (net_null has one), and what one says that has none (net_ring).
#include <gtest/gtest.h>

#include <rte_bus_vdev.h>
#include <rte_ethdev.h>

#include "control/rebalancer.h"
#include "control/reta_indirection.h"
#include "test/packet/test_ports.h"

namespace turnout::rebalance_test {
namespace {

constexpr const char* kName = "net_null_reta";
constexpr uint16_t kQueues = 4;
constexpr size_t kEntries = 128;  // of net_null

class Reta : public testing::Test {
 protected:
  Reta() {
    if (rte_vdev_init(kName, "") != 0) throw std::runtime_error("no net_null device");
    config_.ports.push_back({});
    config_.ports[0].name = "lan";
    config_.ports[0].device = kName;
    config_.ports[0].rebalance = true;
    const PortQueues queues = find_device(config_.ports[0], {});
    devices_.push_back(std::make_shared<Device>(
        config_.ports[0], Device::Setup{queues.device, kQueues, kQueues, 8192, 2, 0, false}));
  }
  ~Reta() override {
    devices_.clear();
    rte_vdev_uninit(kName);
  }
  uint16_t device() const { return devices_[0]->id(); }
  std::vector<uint16_t> queues_of_device() const {
    std::array<rte_eth_rss_reta_entry64, kEntries / RTE_ETH_RETA_GROUP_SIZE> groups{};
    for (auto& group : groups) group.mask = UINT64_MAX;
    EXPECT_EQ(rte_eth_dev_rss_reta_query(device(), groups.data(), kEntries), 0);
    std::vector<uint16_t> queues;
    for (const auto& group : groups)
      queues.insert(queues.end(), std::begin(group.reta), std::end(group.reta));
    return queues;
  }

  Config config_;
  std::vector<std::shared_ptr<Device>> devices_;
};

TEST_F(Reta, EntriesMoveToTheQueuesOfAnotherWorker) {
  // Worker 0 polls queues 0 and 2, worker 1 polls 1 and 3, as they are dealt out.
  auto [table, why_not] = RetaIndirection::make(device(), {0, 1, 0, 1});
  ASSERT_NE(table, nullptr) << why_not;
  EXPECT_TRUE(table->reaches(1));
  EXPECT_FALSE(table->reaches(2));
  EXPECT_EQ(table->query(), std::vector<unsigned>(kEntries, 0)) << "net_null begins with queue 0 for all";
  EXPECT_TRUE(table->move(std::vector<size_t>{0, 5, 127}, 1));
  std::vector<uint16_t> queues(kEntries, 0);
  queues[0] = 1;
  queues[5] = 3;
  queues[127] = 1;
  EXPECT_EQ(queues_of_device(), queues) << "in turn, and no other";
  std::vector<unsigned> workers(kEntries, 0);
  workers[0] = workers[5] = workers[127] = 1;
  EXPECT_EQ(table->query(), workers);
  EXPECT_FALSE(table->move(std::vector<size_t>{1}, 2)) << "polls none of its queues";
}

TEST_F(Reta, IsRebalancedWhenOneWorkerIsSaturated) {
  config_.ports[0].rx_queues = kQueues;
  PortQueues queues = find_device(config_.ports[0], {});
  QueuePlan plan = plan_queues({queues}, 2);
  const Spreading spreading(plan, 1);
  const auto rebalancer = make_rebalancer(config_, devices_, plan, spreading, {1, 2});
  EXPECT_EQ(rebalancer->problem(device()), nullptr);
  std::vector<WorkerLoad> loads{{1, 0, 0, 0, 0}, {2, 0, 0, 0, 0}};
  for (unsigned second = 0; second < 5; ++second) {
    loads[0].busy_cycles += 1000;
    loads[1].idle_cycles += 1000;
    rebalancer->tick(loads);
  }
  EXPECT_EQ(rebalancer->moves(device()), 1u);
  const auto now = queues_of_device();
  EXPECT_EQ(std::ranges::count_if(now, [](uint16_t queue) { return queue % 2 == 1; }), kEntries / 4);
}

TEST_F(Reta, OfOneWorkerIsNotRebalanced) {
  QueuePlan plan = plan_queues({find_device(config_.ports[0], {})}, 1);
  const Spreading spreading(plan, 1);
  const auto rebalancer = make_rebalancer(config_, devices_, plan, spreading, {1});
  ASSERT_NE(rebalancer->problem(device()), nullptr);
  EXPECT_EQ(rebalancer->problem(device())->why, "there is one worker");
  config_.ports[0].rebalance = false;
  EXPECT_FALSE(make_rebalancer(config_, devices_, plan, spreading, {1})->is_on(device()));
}

TEST(RetaLacking, IsSaidOfADeviceThatHasNone) {
  const uint16_t device = TestPorts::instance().queues().receive[0].device;
  const auto made = RetaIndirection::make(device, {0, 1});
  EXPECT_EQ(made.table, nullptr);
  EXPECT_EQ(made.why_not, "its device has no redirection table");
}

}  // namespace
}  // namespace turnout::rebalance_test
