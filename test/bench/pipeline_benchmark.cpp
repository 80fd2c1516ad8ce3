// The whole pipeline in one process, `Forwarder::process`, without a port and without a driver.
//
//   pipeline_benchmark [--rounds=N] [Google Benchmark's options, as --benchmark_filter=established]
//
// 1,024 packet buffers are in the cache, as those are that a NIC has just written there. Between the timed
// parts, of 1,024 packets each, their headers are written anew, so the flows are chosen at random from the
// whole table each time and it is the table that is cold. Rewriting is not timed; the clock costs a half
// percent of what is.
#include <benchmark/benchmark.h>

#include "test/bench/pipeline_benchmarks.h"
#include "test/bench/pipeline_rig.h"
#include "test/bench/runner.h"
#include "test/bench/timing.h"

namespace turnout::bench {

namespace {

constexpr size_t kMegabytes = 1024;
constexpr int64_t kPackets = HotPackets::kCount;

/// Random packets of flows that the table knows.
void established(benchmark::State& state, RigShape shape, uint16_t burst) {
  PipelineRig& rig = established_rig(shape);
  const uint64_t known = rig.counts().inserted.read();
  for (auto _ : state) {
    rig.write_random_packets(kAck);
    state.SetIterationTime(seconds_of([&] { rig.process_all(burst); }));
  }
  if (rig.counts().inserted.read() != known) state.SkipWithError("a flow was not in the table");
  state.SetItemsProcessed(state.iterations() * kPackets);
}

void add_established(const std::string& name, int round, const RigShape& shape, uint16_t burst = kBurst) {
  benchmark::RegisterBenchmark(name_in_round(name, round).c_str(), established, shape, burst)
      ->UseManualTime();
}

void add_round(int round) {
  for (const uint64_t flows :
       {1u << 10, 1u << 12, 1u << 14, 1u << 16, 1u << 18, 1u << 20, 1u << 22, 10'000'000u, 1u << 24}) {
    add_established("established/ipv4/" + std::to_string(flows), round, {.flows = flows});
    if (flows == 1u << 10 || flows == 1u << 16 || flows == 1u << 20 || flows == 1u << 22)
      add_established("established/ipv6/" + std::to_string(flows), round, {.flows = flows, .ipv6 = true});
  }
  for (uint16_t burst = 1; burst <= kBurst; burst = static_cast<uint16_t>(burst * 2))
    add_established("burst/" + std::to_string(burst), round, {.flows = 1 << 16}, burst);
  add_pairs(round);
}

void add_all(int rounds) {
  add_stages();
  for (int round = 1; round <= rounds; ++round) add_round(round);
}

}  // namespace

}  // namespace turnout::bench

int main(int argc, char** argv) {
  using namespace turnout::bench;
  const int status = run_benchmarks(argc, argv, kMegabytes, add_all);
  drop_established_rig();  // before EAL's memory goes
  return status;
}
