// What a worker counts of its own time, and that one that waits loses nothing.
#include <rte_cycles.h>

#include "test/packet/stories.h"

namespace turnout {
namespace {

const WorkerCounters& counters_of(const Rig& rig) {
  return rig.statistics().worker(0);
}

TEST(WorkerTime, CountsPollsAndHowMuchTheyFound) {
  Rig rig(config_with(service(kWeb, server(11))));
  rig.settle();
  const WorkerCounters& counters = counters_of(rig);
  const uint64_t polls = counters.polls.read(), bursts = counters.bursts.read();
  const uint64_t received = rig.statistics().received_by(0);
  constexpr unsigned kFull = 3, kRest = 5, kPasses = 7;
  for (unsigned client = 0; client < kFull * kBurst + kRest; ++client) rig.put(kFront, syn_of(client));
  for (unsigned pass = 0; pass < kPasses; ++pass) rig.poll();
  EXPECT_EQ(counters.polls.read() - polls, kPasses * kTestPorts);
  EXPECT_EQ(counters.bursts.read() - bursts, kFull + 1);
  EXPECT_EQ(counters.full_bursts.read(), kFull);
  EXPECT_EQ(rig.statistics().received_by(0) - received, kFull * kBurst + kRest);
}

TEST(WorkerTime, OfPassesIsBusyOnlyIfTheyFoundPackets) {
  Rig rig(config_with(service(kWeb, server(11))));
  rig.settle();
  const WorkerCounters& counters = counters_of(rig);
  uint64_t busy = counters.busy_cycles.read(), idle = counters.idle_cycles.read();
  rig.poll();
  EXPECT_EQ(counters.busy_cycles.read(), busy);
  EXPECT_GT(counters.idle_cycles.read(), idle);
  idle = counters.idle_cycles.read();
  rig.put(kFront, syn_of(1));
  rig.poll();
  EXPECT_GT(counters.busy_cycles.read(), busy);
  EXPECT_EQ(counters.idle_cycles.read(), idle);
}

/// Passes that find nothing, until the worker waits for the first time; the cycles of that wait.
uint64_t first_wait(Rig& rig) {
  const Counter& idle = counters_of(rig).idle_cycles;
  for (;;) {
    rig.poll();
    const uint64_t before = idle.read();
    rig.rest();
    if (idle.read() > before) return idle.read() - before;
  }
}

TEST(WorkerTime, OfWaitingIsIdle) {
  for (const IdlePolicy policy : {IdlePolicy::pause, IdlePolicy::sleep}) {
    Rig rig(config_with(service(kWeb, server(11))), {.idle = policy});
    rig.poll();  // control's own first frames, which make this pass a busy one
    const uint64_t busy = counters_of(rig).busy_cycles.read();
    EXPECT_GT(first_wait(rig), 0u);
    EXPECT_EQ(counters_of(rig).busy_cycles.read(), busy);
  }
}

TEST(WorkerTime, IsNotSpentWaitingByOneThatPolls) {
  Rig rig(config_with(service(kWeb, server(11))));
  for (const uint64_t end = rte_rdtsc() + rte_get_tsc_hz() / 1000; rte_rdtsc() < end;) {
    rig.poll();
    const uint64_t idle = counters_of(rig).idle_cycles.read();
    rig.rest();
    ASSERT_EQ(counters_of(rig).idle_cycles.read(), idle);
  }
}

TEST(WorkerTime, SpentWaitingLosesNoPacket) {
  for (const IdlePolicy policy : {IdlePolicy::pause, IdlePolicy::sleep}) {
    Rig rig(config_with(service(kWeb, server(11))), {.idle = policy});
    rig.settle();
    for (unsigned client = 0; client < 100; ++client) {
      first_wait(rig);
      ASSERT_EQ(rig.pass(kFront, syn_of(client)), std::vector{at_server(syn_of(client), server_mac(11))});
    }
  }
}

}  // namespace
}  // namespace turnout
