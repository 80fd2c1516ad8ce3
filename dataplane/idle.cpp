#define ALLOW_EXPERIMENTAL_API  // rte_power_pause, as DPDK 22.11 has it

#include "dataplane/idle.h"

#include <sys/prctl.h>

#include <ctime>

#include <rte_cycles.h>
#include <rte_pause.h>
#include <rte_power_intrinsics.h>

namespace turnout {

namespace {

/// Intel's TPAUSE where the CPU has it: one instruction that ends by itself. Elsewhere many short pauses.
void pause_until(uint64_t tsc) {
  if (rte_power_pause(tsc) == 0) return;
  while (rte_rdtsc() < tsc) rte_pause();
}

}  // namespace

void Idle::carry_out(IdleWait wait) const {
  if (wait.kind == IdleWait::Kind::pause) {
    pause_until(rte_rdtsc() + wait.microseconds * cycles_per_microsecond_);
  } else if (wait.kind == IdleWait::Kind::sleep) {
    const timespec time{0, static_cast<long>(wait.microseconds) * 1000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);  // a signal ends it early, which does no harm
  }
}

void Idle::sleep_exactly() {
  prctl(PR_SET_TIMERSLACK, 1UL);  // nanoseconds
}

}  // namespace turnout
