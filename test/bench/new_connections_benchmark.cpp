// Every packet is the first of its connection: with room in the table, and with none.
#include <benchmark/benchmark.h>

#include "test/bench/pipeline_benchmarks.h"
#include "test/bench/pipeline_rig.h"
#include "test/bench/runner.h"
#include "test/bench/timing.h"

namespace turnout::bench {

namespace {

// A table as that of established/ipv4/1048576, to be compared with it.
constexpr RigShape kShape{.flows = 1 << 20};

/// One batch of SYNs of flows that nobody has seen.
double open_connections(PipelineRig& rig, uint64_t& next) {
  rig.write_packets(kSyn, [&] { return next++; });
  return seconds_of([&] { rig.process_all(); });
}

/// From an empty table to one with as many flows as it is for, over and over.
void with_room(benchmark::State& state) {
  drop_established_rig();
  PipelineRig rig(kShape);
  uint64_t next = 0;
  for (auto _ : state) {
    if (next % kShape.flows == 0) rig.clear_table();
    state.SetIterationTime(open_connections(rig, next));
  }
  if (rig.counts().inserted.read() != next) state.SkipWithError("not every packet opened a connection");
  state.SetItemsProcessed(static_cast<int64_t>(next));
}

/// The table is full of connections in the state that `flags` leave them in.
void without_room(benchmark::State& state, uint8_t flags) {
  drop_established_rig();
  PipelineRig rig(kShape);
  uint64_t next = rig.fill_up(0, flags);
  const uint64_t evicted = rig.counts().evicted.read();
  const uint64_t stateless = rig.counts().stateless.read();
  const uint64_t first = next;
  for (auto _ : state) state.SetIterationTime(open_connections(rig, next));
  const auto opened = static_cast<double>(next - first);
  state.SetItemsProcessed(static_cast<int64_t>(next - first));
  state.counters["evicted"] = static_cast<double>(rig.counts().evicted.read() - evicted) / opened;
  state.counters["stateless"] = static_cast<double>(rig.counts().stateless.read() - stateless) / opened;
}

}  // namespace

void add_new_connections(int round) {
  const auto name = [round](const char* what) { return name_in_round(what, round); };
  benchmark::RegisterBenchmark(name("new/room").c_str(), with_room)->UseManualTime();
  benchmark::RegisterBenchmark(name("new/full_of_syns").c_str(), without_room, kSyn)
      ->UseManualTime()
      ->Iterations(200);  // few beside the slots, so that what is evicted are those that were there
  benchmark::RegisterBenchmark(name("new/full_of_established").c_str(), without_room, kAck)
      ->UseManualTime()
      ->Iterations(200);
}

}  // namespace turnout::bench
