#include "test/bench/latency_rig.h"

#include <cstring>
#include <stdexcept>
#include <string>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_launch.h>

#include "control/registry.h"
#include "test/bench/packets.h"
#include "test/bench/pipeline_rig.h"

namespace turnout::bench {

namespace {

constexpr uint64_t kSeed = 12345;
constexpr unsigned kQueue = 1024;  // packets of room, as a NIC's queues have by default
constexpr uint16_t kFrame = 64;    // the shortest one, and room for a time stamp
constexpr uint16_t kRoom = kFrame + RTE_PKTMBUF_HEADROOM;
constexpr size_t kRealServers = 32;

void require(bool success, const char* what) {
  if (!success) throw std::runtime_error(std::string(what) + ": " + rte_strerror(rte_errno));
}

}  // namespace

LatencyRig::LatencyRig(uint64_t flows, unsigned lcore)
    : pool_(rte_pktmbuf_pool_create("bench", static_cast<unsigned>(flows), 0, 0, kRoom,
                                    static_cast<int>(rte_socket_id()))),
      in_(make_ring("in", kQueue)),
      out_(make_ring("out", kQueue)),
      to_control_(make_ring("up", 64)),
      from_control_(make_ring("down", 64)),
      memory_(allocate(ConnectionTable::bytes_for(flows * 2))),
      memory6_(allocate(WideConnectionTable::bytes_for(1024))),
      table_(memory_.get(), flows * 2, kSeed),
      table6_(memory6_.get(), 1024, kSeed),
      lcore_(lcore) {
  require(pool_ != nullptr, "no packet buffers");
  make_packets(flows);
  const Config config = make_config(1, kRealServers, false);
  Registry registry;
  registry.update(config, 1);
  SnapshotBuilder builder = make_builder();
  snapshots_.publish(build_snapshot(builder, config, registry));
  const uint64_t hz = rte_get_tsc_hz();
  const Worker::Shared shared{snapshots_, tables_, to_control_.get(), from_control_.get()};
  const Worker::Time time{TickClock(rte_rdtsc(), hz), hz};
  worker_ = std::make_unique<Worker>(0, make_port(), shared, counters_, time, kSeed);
  require(rte_eal_remote_launch(run_worker, this, lcore) == 0, "the worker's lcore does not start");
}

LatencyRig::~LatencyRig() {
  stop_.store(true);
  rte_eal_wait_lcore(lcore_);
  rte_eth_dev_stop(device_);
  rte_eth_dev_close(device_);
}

LatencyRig::Ring LatencyRig::make_ring(const char* name, unsigned size) {
  Ring ring(rte_ring_create(name, size, static_cast<int>(rte_socket_id()), RING_F_SP_ENQ | RING_F_SC_DEQ));
  require(ring != nullptr, "no ring");
  return ring;
}

WorkerQueues LatencyRig::make_port() {
  rte_ring* const in = in_.get();
  rte_ring* const out = out_.get();
  const int made = rte_eth_from_rings("bench", &in, 1, &out, 1, 0);
  require(made >= 0, "no port");
  const uint16_t device = device_ = static_cast<uint16_t>(made);
  const rte_eth_conf plain{};
  require(rte_eth_dev_configure(device, 1, 1, &plain) == 0, "the port can't be configured");
  require(rte_eth_rx_queue_setup(device, 0, kQueue, 0, nullptr, pool_.get()) == 0, "no receive queue");
  require(rte_eth_tx_queue_setup(device, 0, kQueue, 0, nullptr) == 0, "no transmit queue");
  require(rte_eth_dev_start(device) == 0, "the port does not start");
  WorkerQueues queues;
  queues.receive.push_back({0, device, 0});
  queues.transmit[0] = {device, 0};
  return queues;
}

void LatencyRig::make_packets(uint64_t flows) {
  const Memory memory = allocate(sizeof(FakePacket));
  auto& made = *static_cast<FakePacket*>(memory.get());
  for (uint64_t flow = 0; flow < flows; ++flow) {
    rte_mbuf* packet = rte_pktmbuf_alloc(pool_.get());
    require(packet != nullptr, "no packet buffer");
    write_ipv4(made, client_of_flow(flow), vip_of_service(0), kAck);
    std::memcpy(rte_pktmbuf_append(packet, kFrame), made.data.data(), kFrame);
    packets_.push_back(packet);
  }
}

unsigned LatencyRig::put(rte_mbuf** packets, unsigned count) {
  return rte_ring_sp_enqueue_burst(in_.get(), reinterpret_cast<void**>(packets), count, nullptr);
}

unsigned LatencyRig::take(rte_mbuf** packets, unsigned count) {
  return rte_ring_sc_dequeue_burst(out_.get(), reinterpret_cast<void**>(packets), count, nullptr);
}

uint64_t LatencyRig::dropped() const {
  uint64_t sum = 0;
  for (const Counter& drops : counters_.packets.drops) sum += drops.read();
  return sum;
}

int LatencyRig::run_worker(void* rig) {
  auto* self = static_cast<LatencyRig*>(rig);
  self->worker_->run(self->stop_);
  return 0;
}

}  // namespace turnout::bench
