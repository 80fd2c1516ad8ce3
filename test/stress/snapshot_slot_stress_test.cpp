// Workers read snapshots while control replaces them thousands of times.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>

#include "dataplane/snapshot_slot.h"
#include "test/stress/threads.h"

namespace turnout {
namespace {

constexpr size_t kServers = 64;

/// Every part of it says which generation it is of.
std::unique_ptr<const Snapshot> make_snapshot(uint64_t generation) {
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->generation = generation;
  snapshot->servers.resize(kServers);
  for (RealServer& server : snapshot->servers) server.tag = static_cast<uint16_t>(generation);
  snapshot->tables.push_back(
      std::make_shared<const std::vector<uint32_t>>(kServers, static_cast<uint32_t>(generation)));
  snapshot->services.resize(2);
  snapshot->services[1].maglev = snapshot->tables[0]->data();
  snapshot->services[1].maglev_size = kServers;
  return snapshot;
}

bool is_of_one_generation(const Snapshot& snapshot) {
  const uint64_t generation = snapshot.generation;
  const Service& service = snapshot.services[1];
  return std::all_of(snapshot.servers.begin(), snapshot.servers.end(),
                     [&](const RealServer& server) { return server.tag == generation; }) &&
         std::all_of(service.maglev, service.maglev + service.maglev_size,
                     [&](uint32_t entry) { return entry == generation; });
}

TEST(SnapshotSlotStress, AReadSnapshotStaysWholeUntilTheReaderIsQuiescent) {
  constexpr unsigned kReaders = 3;
  constexpr uint64_t kSnapshots = 10'000;
  SnapshotSlot slot(kReaders);
  slot.publish(make_snapshot(1));
  std::atomic<bool> stop{false};
  std::array<uint64_t, kReaders> broken{}, reads{}, backwards{};
  uint64_t reclaimed = 0;
  run_threads(kReaders + 1, [&](unsigned thread) {
    if (thread == kReaders) {  // control
      for (uint64_t generation = 2; generation <= kSnapshots; ++generation) {
        slot.publish(make_snapshot(generation));
        reclaimed = slot.reclaim();
        if (generation % 64 == 0) std::this_thread::yield();
      }
      stop.store(true);
      return;
    }
    uint64_t last = 0;
    slot.enter(thread);
    while (!stop.load(std::memory_order_relaxed)) {
      const Snapshot& snapshot = slot.read();
      backwards[thread] += snapshot.generation < last;
      last = snapshot.generation;
      broken[thread] += !is_of_one_generation(snapshot);
      if (++reads[thread] % 16 == 0) std::this_thread::yield();  // control goes on while this one is held
      broken[thread] += !is_of_one_generation(snapshot) || snapshot.generation != last;
      slot.quiescent(thread);
    }
    slot.leave(thread);
  });
  for (unsigned reader = 0; reader < kReaders; ++reader) {
    EXPECT_EQ(broken[reader], 0u) << "a snapshot changed while it was read";
    EXPECT_EQ(backwards[reader], 0u) << "an older snapshot came after a newer one";
    EXPECT_GT(reads[reader], 0u);
  }
  EXPECT_GT(reclaimed, 1u) << "nothing was freed while the readers ran";
  EXPECT_EQ(slot.reclaim(), kSnapshots) << "all but the latest can go when the readers have left";
}

}  // namespace
}  // namespace turnout
