#include "control/queue_plan.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <utility>

namespace turnout::queue_plan_test {
namespace {

PortQueues port(const std::string& name, uint16_t device, uint16_t receive, uint16_t transmit) {
  PortQueues queues;
  queues.name = name;
  queues.device = device;
  queues.max_receive = receive;
  queues.max_transmit = transmit;
  return queues;
}

using Source = WorkerQueues::Receive::Source;

/// Every queue is polled by one worker, and each worker has a transmit queue of its own on each port, if it
/// has enough.
void expect_sound(const QueuePlan& plan, const std::vector<PortQueues>& ports) {
  std::set<std::pair<uint16_t, uint16_t>> polled;
  size_t lanes = 0, spread = 0;
  for (size_t id = 0; id < plan.workers.size(); ++id) {
    EXPECT_FALSE(plan.workers[id].receive.empty()) << "worker " << id << " has nothing to do";
    for (const auto& queue : plan.workers[id].receive) {
      lanes += queue.source == Source::lane;
      spread += queue.source == Source::spread;
      if (queue.source == Source::lane) continue;
      EXPECT_TRUE(polled.emplace(queue.device, queue.queue).second) << "polled twice";
      EXPECT_EQ(queue.device, ports[queue.port].device);
    }
    for (size_t port = 0; port < ports.size(); ++port) {
      EXPECT_EQ(plan.workers[id].transmit[port].device, ports[port].device);
      EXPECT_EQ(plan.workers[id].transmit[port].queue, id % plan.transmit_queues[port]);
      EXPECT_LT(plan.workers[id].transmit[port].queue, ports[port].max_transmit);
    }
  }
  EXPECT_EQ(lanes, spread * (plan.workers.size() - 1));
  size_t queues = 0;
  for (const uint16_t number : plan.receive_queues) queues += number;
  EXPECT_EQ(polled.size(), queues);
}

TEST(QueuePlan, GivesEachWorkerAQueueOfEachPort) {
  const std::vector<PortQueues> ports{port("lan", 3, 16, 16), port("wan", 5, 16, 16)};
  const QueuePlan plan = plan_queues(ports, 4);
  expect_sound(plan, ports);
  EXPECT_EQ(plan.workers.size(), 4u);
  EXPECT_EQ(plan.receive_queues, (std::vector<uint16_t>{4, 4}));
  EXPECT_EQ(plan.transmit_queues, (std::vector<uint16_t>{4, 4}));
  EXPECT_TRUE(plan.remarks.empty());
  for (const WorkerQueues& worker : plan.workers) EXPECT_EQ(worker.receive.size(), 2u);
}

/// By worker: how its packets come.
std::vector<std::vector<Source>> sources_of(const QueuePlan& plan) {
  std::vector<std::vector<Source>> sources;
  for (const WorkerQueues& worker : plan.workers) {
    sources.emplace_back();
    for (const auto& queue : worker.receive) sources.back().push_back(queue.source);
  }
  return sources;
}
using Sources = std::vector<std::vector<Source>>;

TEST(QueuePlan, SpreadsTheFlowsOfAPortWithFewerQueuesThanWorkers) {
  const std::vector<PortQueues> ports{port("lan", 0, 1, 1)};
  const QueuePlan plan = plan_queues(ports, 3);
  expect_sound(plan, ports);
  EXPECT_EQ(sources_of(plan), (Sources{{Source::spread}, {Source::lane}, {Source::lane}}));
  EXPECT_EQ(plan.transmit_queues, std::vector<uint16_t>{1}) << "which they share";
  EXPECT_TRUE(plan.remarks.empty());
  EXPECT_EQ(plan.notes,
            std::vector<std::string>{"port 'lan' has 1 receive queue for 3 workers: its flows are "
                                     "spread over the workers in software"});
}

TEST(QueuePlan, SpreadsEachOfTheQueuesAndLeavesOtherPortsAlone) {
  const std::vector<PortQueues> ports{port("lan", 0, 2, 8), port("wan", 1, 8, 8)};
  const QueuePlan plan = plan_queues(ports, 3);
  expect_sound(plan, ports);
  EXPECT_EQ(sources_of(plan), (Sources{{Source::spread, Source::lane, Source::device},
                                       {Source::lane, Source::spread, Source::device},
                                       {Source::lane, Source::lane, Source::device}}));
}

TEST(QueuePlan, SpreadsWhatItIsToldToAndNothingForOneWorker) {
  std::vector<PortQueues> ports{port("lan", 0, 2, 2)};
  EXPECT_EQ(sources_of(plan_queues(ports, 2)), (Sources{{Source::device}, {Source::device}}));
  ports[0].spread = SpreadPolicy::on;
  EXPECT_EQ(sources_of(plan_queues(ports, 2)),
            (Sources{{Source::spread, Source::lane}, {Source::lane, Source::spread}}));
  EXPECT_EQ(sources_of(plan_queues(ports, 1)), (Sources{{Source::device}}));
}

TEST(QueuePlan, UsesNoMoreWorkersThanThereAreQueues) {
  std::vector<PortQueues> ports{port("lan", 0, 1, 8)};
  ports[0].spread = SpreadPolicy::off;
  const QueuePlan plan = plan_queues(ports, 4);
  expect_sound(plan, ports);
  EXPECT_EQ(plan.workers.size(), 1u);
  ASSERT_EQ(plan.remarks.size(), 2u);
  EXPECT_EQ(plan.remarks[0],
            "port 'lan' has 1 receive queue for 4 workers: 1 worker can receive from it "
            "(its \"spread\" is \"off\")");
  EXPECT_EQ(plan.remarks[1], "3 worker lcores not used: the ports have no queues for more than 1");
}

TEST(QueuePlan, UsesNoMoreWorkersThanTheScarcestPortHasTransmitQueues) {
  const std::vector<PortQueues> ports{port("lan", 0, 8, 8), port("tap", 1, 8, 2)};
  const QueuePlan plan = plan_queues(ports, 4);
  expect_sound(plan, ports);
  EXPECT_EQ(plan.workers.size(), 2u);
  EXPECT_EQ(plan.transmit_queues, (std::vector<uint16_t>{2, 2}));
}

TEST(QueuePlan, SharesManyQueuesAmongFewWorkers) {
  std::vector<PortQueues> ports{port("lan", 0, 8, 8), port("wan", 1, 8, 8)};
  ports[0].wanted_receive = 5;
  ports[1].wanted_receive = 2;
  ports[1].spread = SpreadPolicy::off;
  const QueuePlan plan = plan_queues(ports, 3);
  expect_sound(plan, ports);
  EXPECT_EQ(plan.receive_queues, (std::vector<uint16_t>{5, 2}));
  for (const WorkerQueues& worker : plan.workers) {
    EXPECT_GE(worker.receive.size(), 2u);
    EXPECT_LE(worker.receive.size(), 3u);
  }
}

TEST(QueuePlan, PollsEveryQueueOfADeviceThatFillsThemAll) {
  std::vector<PortQueues> ports{port("lan", 0, 4, 4)};
  ports[0].all_receive = true;
  ports[0].wanted_receive = 2;
  const QueuePlan plan = plan_queues(ports, 1);
  expect_sound(plan, ports);
  EXPECT_EQ(plan.receive_queues, (std::vector<uint16_t>{4}));
  EXPECT_EQ(plan.workers.size(), 1u);
}

TEST(QueuePlan, RefusesMoreQueuesThanTheDeviceHas) {
  std::vector<PortQueues> ports{port("lan", 0, 2, 2)};
  ports[0].wanted_receive = 3;
  try {
    plan_queues(ports, 4);
    FAIL() << "planned";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(
        std::string(error.what()),
        "port 'lan': rx_queues is 3, but its device has 2: ask for no more, or give the device more queues");
  }
}

}  // namespace
}  // namespace turnout::queue_plan_test
