// The whole pipeline in one process: bursts of packets that are in the cache already, of flows that the table
// knows.
//
//   meson setup build-bench -Dbenchmarks=true -Dtests=false
//   meson compile -C build-bench pipeline_benchmark
//   build-bench/test/bench/pipeline_benchmark
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <vector>

#include "control/config.h"
#include "control/registry.h"
#include "control/snapshot_builder.h"
#include "dataplane/forwarder.h"

namespace {

using namespace turnout;

constexpr size_t kFrame = 60;
constexpr size_t kRealServers = 32;
constexpr uint64_t kSeed = 12345;
constexpr uint32_t kHotPackets = 1024;  // small enough for the cache, so that the table is what is measured

/// A packet as a driver leaves it, without a driver.
struct alignas(64) FakePacket {
  rte_mbuf mbuf{};
  std::array<uint8_t, 128> data{};
};

Config make_config() {
  Config config;
  PortConfig port;
  port.name = "bench";
  port.addresses = {*parse_interface_address("10.255.0.2/8"), *parse_interface_address("2001:db8::2/64")};
  config.ports.push_back(port);
  ServiceConfig service{{*parse_address("10.255.0.1"), Protocol::tcp, 80}, SchedulerKind::mh, 4093, {}};
  for (size_t i = 1; i <= kRealServers; ++i) {
    service.real_servers.push_back({*parse_address("10.255.1." + std::to_string(i)), 1,
                                    parse_mac("02:00:00:00:01:" + std::string(i < 16 ? "0" : "1") + "0")});
  }
  config.services.push_back(service);
  service.key.vip = *parse_address("2001:db8::1");
  for (size_t i = 1; i <= kRealServers; ++i)
    service.real_servers[i - 1].address = *parse_address("2001:db8::1:" + std::to_string(i));
  config.services.push_back(service);
  return config;
}

void set_length(FakePacket& packet, uint16_t length) {
  packet.mbuf.buf_addr = packet.data.data();
  packet.mbuf.data_off = 0;
  packet.mbuf.data_len = length;
  packet.mbuf.pkt_len = length;
  packet.mbuf.nb_segs = 1;
}

void write_tcp(rte_tcp_hdr* tcp, uint16_t client_port, uint8_t flags) {
  tcp->src_port = rte_cpu_to_be_16(client_port);
  tcp->dst_port = RTE_BE16(80);
  tcp->data_off = 0x50;
  tcp->tcp_flags = flags;
}

void write_frame(FakePacket& packet, uint32_t client, uint16_t client_port, uint8_t flags) {
  auto* ethernet = reinterpret_cast<rte_ether_hdr*>(packet.data.data());
  ethernet->dst_addr = {{2, 0, 0, 0, 0, 1}};
  ethernet->ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
  auto* ip = reinterpret_cast<rte_ipv4_hdr*>(ethernet + 1);
  ip->version_ihl = 0x45;
  ip->total_length = RTE_BE16(46);
  ip->next_proto_id = IPPROTO_TCP;
  ip->src_addr = rte_cpu_to_be_32(client);
  ip->dst_addr = to_be32(*parse_address("10.255.0.1"));
  write_tcp(reinterpret_cast<rte_tcp_hdr*>(ip + 1), client_port, flags);
  set_length(packet, kFrame);
}

/// The same over IPv6, from 2001:db8:1::<client>.
void write_frame6(FakePacket& packet, uint32_t client, uint16_t client_port, uint8_t flags) {
  auto* ethernet = reinterpret_cast<rte_ether_hdr*>(packet.data.data());
  ethernet->dst_addr = {{2, 0, 0, 0, 0, 1}};
  ethernet->ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV6);
  auto* ip = reinterpret_cast<rte_ipv6_hdr*>(ethernet + 1);
  ip->vtc_flow = RTE_BE32(0x60000000);
  ip->payload_len = RTE_BE16(sizeof(rte_tcp_hdr));
  ip->proto = IPPROTO_TCP;
  std::array<uint8_t, 16> source{0x20, 0x01, 0x0d, 0xb8, 0, 1};
  for (size_t i = 0; i < 4; ++i) source[12 + i] = static_cast<uint8_t>(client >> (24 - 8 * i));
  std::copy(source.begin(), source.end(), ip->src_addr);
  const std::array<uint8_t, 16> vip{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  std::copy(vip.begin(), vip.end(), ip->dst_addr);
  write_tcp(reinterpret_cast<rte_tcp_hdr*>(ip + 1), client_port, flags);
  set_length(packet, sizeof(rte_ether_hdr) + sizeof(rte_ipv6_hdr) + sizeof(rte_tcp_hdr));
}

using WriteFrame = void (*)(FakePacket&, uint32_t, uint16_t, uint8_t);

struct Bench {
  explicit Bench(uint64_t flows)
      : memory(ConnectionTable::buckets_for(flows * 2)),
        memory6(WideConnectionTable::buckets_for(flows * 2)),
        table(memory.data(), flows * 2, kSeed),
        table6(memory6.data(), flows * 2, kSeed),
        forwarder({table, table6}, counters, 0, kSeed),
        packets(kHotPackets) {
    Registry registry;
    const Config config = make_config();
    registry.update(config, 1);
    SnapshotBuilder builder(
        {{*parse_mac("02:00:00:00:00:01"), true}});  // a packet comes round again with another address
    snapshot = builder.build(
        config, registry, [](size_t, const IpAddress&) { return std::nullopt; }, 1);
  }

  void run(uint32_t first, Tick now) {
    burst.count = kBurst;
    for (size_t i = 0; i < kBurst; ++i) burst.packets[i] = &packets[(first + i) % kHotPackets].mbuf;
    forwarder.process(burst, *snapshot, now, outcome);
  }

  std::vector<ConnectionTable::Bucket> memory;
  std::vector<WideConnectionTable::Bucket> memory6;
  ConnectionTable table;
  WideConnectionTable table6;
  WorkerCounters counters;
  Forwarder forwarder;
  std::unique_ptr<const Snapshot> snapshot;
  std::vector<FakePacket> packets;
  Burst burst;
  Outcome outcome;
};

uint32_t client_of_flow(uint64_t flow) {
  return 0x0A000000 + static_cast<uint32_t>(flow & 0x7FFFFF);
}
uint16_t port_of_flow(uint64_t flow) {
  return static_cast<uint16_t>(1024 + (flow >> 23));
}

/// The table knows `flows`; the packets are of flows among them.
void established_over(benchmark::State& state, WriteFrame write) {
  const auto flows = static_cast<uint64_t>(state.range(0));
  Bench bench(flows);
  for (uint64_t flow = 0; flow < flows;) {
    for (uint32_t i = 0; i < kBurst; ++i, ++flow)
      write(bench.packets[i], client_of_flow(flow), port_of_flow(flow), 0x10);
    bench.run(0, 1);
  }
  std::mt19937_64 random(1);
  for (FakePacket& packet : bench.packets) {
    const uint64_t flow = random() % flows;
    write(packet, client_of_flow(flow), port_of_flow(flow), 0x10);
  }
  uint32_t next = 0;
  for (auto _ : state) {
    bench.run(next, 1);
    next = (next + kBurst) % kHotPackets;
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kBurst));
}
void established(benchmark::State& state) {
  established_over(state, write_frame);
}
void established_ipv6(benchmark::State& state) {
  established_over(state, write_frame6);
}
BENCHMARK(established_ipv6)->Arg(1024)->Arg(65536)->Arg(1 << 20);
BENCHMARK(established)->Arg(1024)->Arg(65536)->Arg(1 << 20);

/// Every packet opens a connection; the table is kept from filling up by its capacity.
void new_connections(benchmark::State& state) {
  Bench bench(static_cast<uint64_t>(state.range(0)));
  uint64_t flow = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (uint32_t i = 0; i < kHotPackets; ++i, ++flow) {
      write_frame(bench.packets[i], client_of_flow(flow), port_of_flow(flow), 0x02);
    }
    state.ResumeTiming();
    for (uint32_t i = 0; i < kHotPackets; i += kBurst) bench.run(i, 1);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kHotPackets));
}
BENCHMARK(new_connections)->Arg(1 << 20)->Iterations(1500);

}  // namespace

BENCHMARK_MAIN();
