// What control compiles: a scheduler's table, and a whole snapshot.
//
//   build_benchmark [Google Benchmark's options]
#include <benchmark/benchmark.h>

#include "control/maglev.h"
#include "control/registry.h"
#include "test/bench/pipeline_rig.h"

namespace {

using namespace turnout;
using namespace turnout::bench;

void maglev(benchmark::State& state) {
  std::vector<ScheduledServer> servers;
  for (uint32_t i = 0; i < state.range(1); ++i)
    servers.push_back({i, 1, from_be32(rte_cpu_to_be_32(0x0AE00000 + i))});
  for (auto _ : state) benchmark::DoNotOptimize(build_maglev(servers, static_cast<uint32_t>(state.range(0))));
}
BENCHMARK(maglev)->ArgsProduct({{4093, 65537}, {10, 100, 1000}})->Unit(benchmark::kMicrosecond);

/// A configuration that nothing is known of: numbers for all, and every table anew.
void snapshot(benchmark::State& state) {
  const Config config = make_config(static_cast<size_t>(state.range(0)), 10, false);
  for (auto _ : state) {
    Registry registry;
    registry.update(config, 1);
    SnapshotBuilder builder = make_builder();
    benchmark::DoNotOptimize(build_snapshot(builder, config, registry));
  }
}
BENCHMARK(snapshot)->Arg(1)->Arg(10'000)->Unit(benchmark::kMillisecond);

/// The same with another weight for one server each time, as the director does it.
void snapshot_with_another_weight(benchmark::State& state) {
  Config config = make_config(static_cast<size_t>(state.range(0)), 10, false);
  Registry registry;
  registry.update(config, 1);
  SnapshotBuilder builder = make_builder();
  std::unique_ptr<const Snapshot> current = build_snapshot(builder, config, registry);
  ServiceConfig& service = config.services.back();
  uint32_t& weight = service.real_servers.front().weight;
  for (auto _ : state) {
    weight = weight % 10 + 1;
    registry.update(service, 1);
    current = builder.rebuild(
        *current, {&service}, config, registry, [](size_t, const IpAddress&) { return std::nullopt; }, 1);
  }
}
BENCHMARK(snapshot_with_another_weight)->Arg(1)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
