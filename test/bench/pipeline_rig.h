// A forwarder with its tables and a configuration, and packets to put through it. No port, no worker.
#pragma once

#include <memory>
#include <random>

#include "control/config.h"
#include "control/snapshot_builder.h"
#include "dataplane/forwarder.h"
#include "test/bench/packets.h"

namespace turnout::bench {

/// So many services with so many real servers each, all with fixed MAC addresses, and the same over IPv6 if
/// wanted.
Config make_config(size_t services, size_t real_servers, bool ipv6);
/// The VIP of a service, 0-based: 10.200.0.0 and on. The last 32 bits of its IPv6 one as well.
constexpr uint32_t vip_of_service(uint32_t service) {
  return 0x0AC80000 + service;
}
/// A builder for such a configuration's only port.
SnapshotBuilder make_builder();
std::unique_ptr<const Snapshot> build_snapshot(SnapshotBuilder& builder, const Config& config,
                                               const Registry& registry);

struct RigShape {
  uint64_t flows = 1024;  // the table has room for a quarter more, rounded up to a power of two
  size_t services = 1;
  size_t real_servers = 32;
  bool ipv6 = false;
  bool operator==(const RigShape&) const = default;
};

class PipelineRig {
 public:
  static constexpr Tick kNow = 1;

  explicit PipelineRig(const RigShape& shape);

  /// Headers of flows that `number` gives, one call for each packet.
  template <typename Number>
  void write_packets(uint8_t flags, Number&& number) {
    for (FakePacket& packet : packets_.all()) write_packet(packet, number(), flags);
  }
  /// Headers of flows among the shape's, chosen at random.
  void write_random_packets(uint8_t flags);

  /// Puts all packets through the forwarder, in bursts of `burst`, which divides their number.
  void process_all(uint16_t burst = kBurst);

  /// The table knows flows 0 … `flows`-1, entered by the packets that such flows send; all established.
  void establish();
  /// Sends SYNs or ACKs of flows from `first` on until hardly one in two hundred finds a free slot. The
  /// number of the next flow.
  uint64_t fill_up(uint64_t first, uint8_t flags);
  void clear_table();

  uint64_t slots() const { return shape_.ipv6 ? table6_.slots() : table_.slots(); }
  const TableCounters& counts() const { return shape_.ipv6 ? counters_.ipv6_table : counters_.ipv4_table; }
  const Outcome& outcome() const { return outcome_; }
  const Snapshot& snapshot() const { return *snapshot_; }
  const RigShape& shape() const { return shape_; }
  std::span<FakePacket, HotPackets::kCount> packets() const { return packets_.all(); }

 private:
  void write_packet(FakePacket& packet, uint64_t flow, uint8_t flags);

  RigShape shape_;
  uint64_t capacity_, capacity6_;
  Memory memory_, memory6_;
  ConnectionTable table_;
  WideConnectionTable table6_;
  WorkerCounters counters_;
  Forwarder forwarder_;
  std::unique_ptr<const Snapshot> snapshot_;
  HotPackets packets_;
  Burst burst_;
  Outcome outcome_;
  std::mt19937_64 random_{1};
};

/// The rig of the benchmark that is running, established; kept for the next one if it is of the same shape.
PipelineRig& established_rig(const RigShape& shape);
/// Gives up the memory of that rig.
void drop_established_rig();

}  // namespace turnout::bench
