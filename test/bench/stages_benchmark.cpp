// The first two stages alone: reading headers, and finding the service.
#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "test/bench/pipeline_benchmarks.h"
#include "test/bench/pipeline_rig.h"

namespace turnout::bench {

namespace {

void parse(benchmark::State& state, bool ipv6) {
  PipelineRig rig({.ipv6 = ipv6});
  rig.write_random_packets(kAck);
  const Port& port = rig.snapshot().ports[0];
  const PacketClass expected = ipv6 ? PacketClass::flow6 : PacketClass::flow;
  PacketFields fields;
  for (auto _ : state) {
    for (const FakePacket& packet : rig.packets()) {
      const Frame frame{packet.data.data(), packet.mbuf.data_len, packet.mbuf.pkt_len};
      if (parse_packet(frame, port, fields) != expected) return state.SkipWithError("not taken for a flow");
      benchmark::DoNotOptimize(fields);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(HotPackets::kCount));
}

/// Which service is it, if all are asked for equally often?
void match(benchmark::State& state, uint32_t services) {
  constexpr size_t kKeys = 4096;
  const PipelineRig rig({.services = services, .real_servers = 1});
  std::mt19937_64 random(1);
  std::vector<uint64_t> keys(kKeys);
  for (uint64_t& key : keys) {
    const auto service = static_cast<uint32_t>(random() % services);
    key = service_map_key(rte_cpu_to_be_32(vip_of_service(service)), RTE_BE16(kServicePort), IPPROTO_TCP);
  }
  for (auto _ : state) {
    for (const uint64_t key : keys) {
      const uint32_t service = rig.snapshot().service_map.find(key);
      if (service == 0) return state.SkipWithError("no such service");
      benchmark::DoNotOptimize(service);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kKeys));
}

}  // namespace

void add_stages() {
  benchmark::RegisterBenchmark("parse/ipv4", parse, false);
  benchmark::RegisterBenchmark("parse/ipv6", parse, true);
  for (const uint32_t services : {1u, 100u, 10'000u})
    benchmark::RegisterBenchmark(("match/" + std::to_string(services)).c_str(), match, services);
}

}  // namespace turnout::bench
