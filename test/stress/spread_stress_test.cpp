// One worker hands packets to others while shares move between them and control replaces the snapshot that
// they read: no packet is lost or seen twice, and none overtakes another of its flow.
#include <gtest/gtest.h>

#include <array>
#include <atomic>

#include "dataplane/snapshot_slot.h"
#include "test/stress/threads.h"
#include "test/support/frames.h"
#include "test/support/test_lane.h"

namespace turnout::spread_stress {
namespace {

constexpr unsigned kTakers = 2, kPoller = kTakers;
constexpr unsigned kFlows = 64, kCopies = 8;  // of its packets that may be on their way
constexpr uint64_t kRounds = 4000;

/// A packet whose place in its flow is known. Nobody frees it; it is used again when it has been seen.
struct Numbered : TestPacket {
  using TestPacket::TestPacket;
  uint32_t flow = 0;
  uint64_t place = 0;
  std::atomic<bool> is_away{false};
};

class Relay {
 public:
  Relay() {
    for (unsigned flow = 0; flow < kFlows; ++flow) {
      FrameFields fields;
      fields.source_port = static_cast<uint16_t>(1024 + flow);
      for (unsigned copy = 0; copy < kCopies; ++copy) {
        packets_.push_back(std::make_unique<Numbered>(tcp_frame(fields, kAck)));
        packets_.back()->flow = flow;
        packets_.back()->mbuf->dynfield1[0] = static_cast<uint32_t>(packets_.size() - 1);
      }
    }
  }

  /// As a worker does its burst: under the snapshot that it has read.
  void see(const Burst& burst, const Snapshot& snapshot, unsigned worker) {
    broken += snapshot.servers.size() != snapshot.generation % 7 + 1;
    for (uint16_t i = 0; i < burst.count; ++i) {
      Numbered& packet = *packets_[burst.packets[i]->dynfield1[0]];
      // The next of the flow may be another worker's: what orders them is what is tested.
      overtaken += packet.place != next_[packet.flow];
      next_[packet.flow] = packet.place + 1;
      ++seen[worker];
      packet.is_away.store(false, std::memory_order_release);
    }
  }

  /// The next packets of some flows, as far as they are at hand.
  Burst receive(Dice& dice) {
    Burst burst;
    while (burst.count < kBurst) {
      const auto flow = static_cast<unsigned>(dice.below(kFlows));
      Numbered& packet = *packets_[flow * kCopies + sent_[flow] % kCopies];
      if (packet.is_away.load(std::memory_order_acquire)) break;
      packet.is_away.store(true, std::memory_order_relaxed);
      packet.place = sent_[flow]++;
      burst.packets[burst.count++] = packet.mbuf.get();
    }
    return burst;
  }
  /// What found no room has not been sent.
  void take_back(const Burst& overflow) {
    for (uint16_t i = 0; i < overflow.count; ++i) {
      Numbered& packet = *packets_[overflow.packets[i]->dynfield1[0]];
      packet.is_away.store(false, std::memory_order_relaxed);
      ++lost;
    }
  }
  uint64_t sent() const {
    uint64_t sum = 0;
    for (const uint64_t number : sent_) sum += number;
    return sum;
  }

  std::array<uint64_t, kTakers + 1> seen{};
  std::atomic<uint64_t> overtaken{0}, broken{0};
  uint64_t lost = 0;

 private:
  std::vector<std::unique_ptr<Numbered>> packets_;
  std::array<uint64_t, kFlows> next_{};  // not atomic: a flow's packets are seen one after the other
  std::array<uint64_t, kFlows> sent_{};
};

std::unique_ptr<const Snapshot> make_snapshot(uint64_t generation) {
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->generation = generation;
  snapshot->servers.resize(generation % 7 + 1);
  return snapshot;
}

TEST(SpreadStress, PacketsOfAFlowKeepTheirOrderWhileSharesAndSnapshotsChange) {
  std::vector<TestLane> lanes(kTakers + 1);
  Spreader spreader(kPoller, lanes_to(lanes, kPoller), 11);
  SnapshotSlot snapshots(kTakers + 1);
  snapshots.publish(make_snapshot(1));
  Relay relay;
  std::atomic<bool> all_sent{false};
  std::atomic<unsigned> entered{0}, done{0};
  std::atomic<bool> control_ended{false};
  uint64_t moves = 0;
  run_threads(kTakers + 2, [&](unsigned thread) {
    if (thread == kPoller + 1) {  // control
      // Readers enter and leave by a library's code that ThreadSanitizer doesn't see: not meanwhile.
      while (entered.load() <= kTakers) std::this_thread::yield();
      Dice dice(99);
      for (uint64_t generation = 2; done.load() <= kTakers; ++generation) {
        snapshots.publish(make_snapshot(generation));
        snapshots.reclaim();
        spreader.table().move(dice.below(SpreadTable::kBuckets),
                              static_cast<unsigned>(dice.below(kTakers + 1)));
        ++moves;
        std::this_thread::yield();
      }
      control_ended.store(true);
      return;
    }
    snapshots.enter(thread);
    ++entered;
    if (thread == kPoller) {
      Dice dice(5);
      for (uint64_t round = 0; round < kRounds; ++round) {
        if (spreader.ready()) {
          Burst burst = relay.receive(dice);
          spreader.spread(burst);
          relay.take_back(spreader.overflow());
          relay.see(burst, snapshots.read(), thread);
        }
        snapshots.quiescent(thread);
        if (round % 8 == 0) std::this_thread::yield();
      }
      all_sent.store(true);
    } else {
      for (bool last = false; !last;) {
        last = all_sent.load() && lanes[thread]->waiting() == 0;
        Burst burst;
        if (lanes[thread]->take(burst) > 0) {
          relay.see(burst, snapshots.read(), thread);
          lanes[thread]->done(burst.count);
        } else {
          std::this_thread::yield();
        }
        snapshots.quiescent(thread);
      }
    }
    ++done;
    while (!control_ended.load()) {
      snapshots.quiescent(thread);
      std::this_thread::yield();
    }
    snapshots.leave(thread);
  });
  EXPECT_EQ(relay.overtaken, 0u);
  EXPECT_EQ(relay.broken, 0u);
  EXPECT_EQ(relay.lost, 0u) << "rings hold more than there are packets";
  EXPECT_EQ(relay.seen[0] + relay.seen[1] + relay.seen[2], relay.sent());
  EXPECT_GT(relay.sent(), kRounds);
  EXPECT_GT(moves, 10u);
  for (const uint64_t seen : relay.seen) EXPECT_GT(seen, 0u) << "a worker had nothing to do";
}

}  // namespace
}  // namespace turnout::spread_stress
