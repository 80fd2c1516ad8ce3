// RSS in software: who gets which packets, and in which order.
#include "dataplane/spreader.h"

#include <gtest/gtest.h>

#include <map>

#include "test/support/frames.h"
#include "test/support/test_lane.h"

namespace turnout::spreader_test {
namespace {

constexpr unsigned kWorkers = 3, kSelf = 1, kFlows = 200;

class Spread : public testing::Test {
 protected:
  Spread() {
    for (unsigned flow = 0; flow < kFlows; ++flow) {
      FrameFields fields;
      fields.source_port = static_cast<uint16_t>(1024 + flow);
      packets_.emplace_back(tcp_frame(fields, kAck));
      flow_of_[packets_.back().mbuf.get()] = flow;
    }
  }

  Burst burst_of(unsigned first, unsigned count = kBurst) const {
    Burst burst;
    for (unsigned i = 0; i < count; ++i)
      burst.packets[burst.count++] = packets_[(first + i) % kFlows].mbuf.get();
    return burst;
  }
  /// What waits for a worker, by flow.
  std::vector<unsigned> taken(unsigned worker, bool done = true) {
    std::vector<unsigned> flows;
    for (Burst burst; lanes_[worker]->take(burst) > 0;) {
      for (unsigned i = 0; i < burst.count; ++i) flows.push_back(flow_of_.at(burst.packets[i]));
      if (done) {
        lanes_[worker]->done(burst.count);
      } else {
        unfinished_ += burst.count;
      }
    }
    return flows;
  }
  unsigned worker_of(unsigned flow) const {
    const Bytes& frame = packets_[flow].frame;
    const auto length = static_cast<uint32_t>(frame.size());
    return spreader_.worker_for({frame.data(), length, length});
  }
  /// A flow of a worker's, and the bucket that it is in.
  unsigned flow_of_worker(unsigned worker) const {
    for (unsigned flow = 0; flow < kFlows; ++flow) {
      if (worker_of(flow) == worker) return flow;
    }
    return 0;
  }
  void move(unsigned flow, unsigned to) {
    const unsigned from = worker_of(flow);
    for (size_t bucket = 0; bucket < SpreadTable::kBuckets && worker_of(flow) == from; ++bucket) {
      const unsigned before = spreader_.table().worker_of(bucket);
      if (before != from) continue;
      spreader_.table().move(bucket, to);
      if (worker_of(flow) == from) spreader_.table().move(bucket, before);
    }
  }
  void spread_flow(unsigned flow) {
    Burst burst = burst_of(flow, 1);
    spreader_.spread(burst);
    kept_ = burst.count;
  }

  std::vector<TestPacket> packets_;
  std::map<const rte_mbuf*, unsigned> flow_of_;
  std::vector<TestLane> lanes_{kWorkers};
  Spreader spreader_{kSelf, lanes_to(lanes_, kSelf), 7};
  unsigned kept_ = 0, unfinished_ = 0;
};

TEST_F(Spread, GivesEachPacketToOneWorkerAndEachFlowToTheSame) {
  std::map<unsigned, unsigned> worker_of_flow;
  std::array<unsigned, kWorkers> shares{};
  for (unsigned round = 0; round < 2; ++round) {
    for (unsigned first = 0; first < kFlows; first += 25) {
      Burst burst = burst_of(first, 25);
      const unsigned handed = spreader_.spread(burst);
      EXPECT_EQ(handed + burst.count, 25u);
      EXPECT_EQ(spreader_.overflow().count, 0u);
      const auto note = [&](unsigned flow, unsigned worker) {
        ++shares[worker];
        EXPECT_EQ(worker_of_flow.try_emplace(flow, worker).first->second, worker);
        EXPECT_EQ(worker_of(flow), worker) << "as it is told from outside";
      };
      for (unsigned i = 0; i < burst.count; ++i) note(flow_of_.at(burst.packets[i]), kSelf);
      for (unsigned worker = 0; worker < kWorkers; ++worker) {
        const auto flows = taken(worker);
        EXPECT_TRUE(std::is_sorted(flows.begin(), flows.end())) << "not as they came";
        for (const unsigned flow : flows) note(flow, worker);
      }
    }
  }
  EXPECT_EQ(worker_of_flow.size(), kFlows);
  for (const unsigned share : shares) EXPECT_GT(share, 2 * kFlows / kWorkers / 2);
}

TEST_F(Spread, SharesAreDealtOutEvenly) {
  std::array<unsigned, kWorkers> buckets{};
  for (size_t bucket = 0; bucket < SpreadTable::kBuckets; ++bucket)
    ++buckets[spreader_.table().worker_of(bucket)];
  for (const unsigned number : buckets) EXPECT_NEAR(number, SpreadTable::kBuckets / kWorkers, 1);
}

TEST_F(Spread, NamesWhatAFullRingHasNoRoomFor) {
  const unsigned flow = flow_of_worker(0);
  for (unsigned i = 0; i < SpreadLane::kRoom; ++i) {
    spread_flow(flow);
    ASSERT_EQ(spreader_.overflow().count, 0u);
  }
  spread_flow(flow);
  ASSERT_EQ(spreader_.overflow().count, 1u);
  EXPECT_EQ(flow_of_.at(spreader_.overflow().packets[0]), flow);
  EXPECT_EQ(lanes_[0]->waiting(), SpreadLane::kRoom);
  EXPECT_EQ(taken(0).size(), SpreadLane::kRoom);
  spread_flow(flow);
  EXPECT_EQ(spreader_.overflow().count, 0u);
  EXPECT_EQ(taken(0).size(), 1u);
}

TEST_F(Spread, MovesThePollersOwnShareAtOnce) {
  const unsigned flow = flow_of_worker(kSelf);
  move(flow, 2);
  EXPECT_TRUE(spreader_.ready());
  spread_flow(flow);
  EXPECT_EQ(kept_, 0u);
  EXPECT_EQ(taken(2), std::vector<unsigned>{flow});
}

TEST_F(Spread, MovesAnothersShareOnlyWhenItsPacketsAreDone) {
  const unsigned flow = flow_of_worker(0);
  spread_flow(flow);
  move(flow, 2);
  EXPECT_TRUE(spreader_.ready());
  spread_flow(flow);
  EXPECT_EQ(taken(2), std::vector<unsigned>{}) << "it would overtake";
  EXPECT_EQ(taken(0, false).size(), 2u);
  EXPECT_TRUE(spreader_.ready());
  spread_flow(flow);
  EXPECT_EQ(taken(0, false).size(), 1u) << "taken, but not done";
  lanes_[0]->done(static_cast<uint16_t>(unfinished_));
  EXPECT_TRUE(spreader_.ready());
  spread_flow(flow);
  EXPECT_EQ(taken(2), std::vector<unsigned>{flow});
}

TEST_F(Spread, StopsTheQueueForAMoveThatWaitsTooLong) {
  const unsigned flow = flow_of_worker(0);
  spread_flow(flow);
  move(flow, kSelf);
  unsigned looks = 0;
  while (spreader_.ready()) ASSERT_LT(++looks, 100'000u);
  EXPECT_GT(looks, 1000u);
  taken(0);
  EXPECT_TRUE(spreader_.ready());
  spread_flow(flow);
  EXPECT_EQ(kept_, 1u);
}

}  // namespace
}  // namespace turnout::spreader_test
