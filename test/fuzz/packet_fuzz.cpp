// Whatever arrives: flow hash, parser, service match, connection table, fragments and rewriting, over frames
// in memory of exact size. Each packet must end in one lane, once, and the fragments that are held must come
// back.
//
// Input: one byte of settings, then frames, each with its length in two bytes before it.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "dataplane/capture_view.h"
#include "dataplane/flow_hash.h"
#include "test/support/forwarder_rig.h"

namespace turnout {
namespace {

constexpr uint64_t kSlots = 64;  // soon full
constexpr uint16_t kHeadroom = 64;
constexpr size_t kMostFrames = 256;

void require(bool truth, const char* what) {
  if (truth) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

struct Settings {
  bool vlan, has_kernel, reject, narrow, compares, persistent, all_ports;
  explicit Settings(uint8_t bits)
      : vlan(bits & 1),
        has_kernel(bits & 2),
        reject(bits & 4),
        narrow(bits & 8),
        compares(bits & 16),
        persistent(bits & 32),
        all_ports(bits & 64) {}

  Snapshot make() const {
    SnapshotRecipe recipe;
    recipe.ingress_vlan = vlan ? 10 : 0;
    recipe.has_kernel = has_kernel;
    if (reject) recipe.vip_role = AddressRole::kVip | AddressRole::kReject;
    if (narrow) recipe.mtus[1] = 100;
    recipe.servers = {{}, {.egress = 1, .vlan = 20}, {.resolved = false}};
    if (compares) recipe.turns = {0, 1, 2};
    Snapshot snapshot = recipe.make();
    set_terms(snapshot);
    if (all_ports) add_ranges(snapshot);
    return snapshot;
  }

 private:
  /// One server is soon full, as nobody closes what earlier runs opened.
  void set_terms(Snapshot& snapshot) const {
    snapshot.terms.assign(snapshot.servers.size(), {.weight = 2, .live = true});
    snapshot.terms[1] = {.weight = 1, .full_at = 8, .open_below = 4, .live = true};
    snapshot.has_live_loads = compares;
    snapshot.has_persistence = persistent;
    const auto count = static_cast<uint16_t>(snapshot.services.size());
    for (uint16_t index = 1; index < count; ++index) {
      Service& service = snapshot.services[index];
      if (compares) service.scheduler = SchedulerKind::wlc;
      service.has_closed = compares;
      service.limits_connections = service.limits_packets = service.counts_clients = compares;
      if (persistent) {
        service.persistence = 60;
        service.prefix = 24;
        service.by_port = false;
        service.templates = static_cast<uint16_t>(count + index);
      }
      service.by_table = service.asks_only_maglev();
    }
    snapshot.services.resize(2 * count);
    if (compares) add_limits(snapshot);
  }
  /// Time stands still for them: one client's connections are used up at some time, a service's packets
  /// never.
  static void add_limits(Snapshot& snapshot) {
    ServiceLimits limits;
    limits.packets = RateLimit::of(1'000'000'000, UINT32_MAX);
    limits.packet_batch = kBurst;
    limits.client = RateLimit::of(1000, 1000);
    limits.prefix = RateLimit::of(1'000'000, 1'000'000);
    limits.prefix4 = 24;
    limits.prefix6 = 64;
    limits.client_connections = 100;
    snapshot.limits.assign(snapshot.services.size(), limits);
    snapshot.has_packet_limits = snapshot.has_client_counts = true;
  }
  static void add_ranges(Snapshot& snapshot) {
    const uint16_t of_tcp[] = {kTcpService, kTcp6Service};
    const Address6 vips[] = {mapped_address6(RTE_BE32(0xC0000264)), documentation_address(0x100)};
    snapshot.range_map = ExactMap<ServiceKey6>(2);
    for (uint32_t family = 0; family < 2; ++family) {
      snapshot.ranges.push_back({{8000, 8099, of_tcp[family]}, {0, UINT16_MAX, of_tcp[family]}});
      snapshot.range_map.insert(service_map_key(vips[family], 0, 6), family + 1);
    }
  }
};

struct FuzzPacket {
  FuzzPacket(const uint8_t* frame, size_t size) : memory(std::make_unique<uint8_t[]>(kHeadroom + size)) {
    std::memcpy(memory.get() + kHeadroom, frame, size);
    mbuf->buf_addr = memory.get();
    mbuf->buf_len = static_cast<uint16_t>(kHeadroom + size);
    mbuf->data_off = kHeadroom;
    mbuf->data_len = static_cast<uint16_t>(size);
    mbuf->pkt_len = static_cast<uint32_t>(size);
    mbuf->nb_segs = 1;
  }
  std::unique_ptr<rte_mbuf> mbuf = std::make_unique<rte_mbuf>();
  std::unique_ptr<uint8_t[]> memory;
};

/// Made once, as that takes longer than a run; each run begins with empty tables, and so late that the
/// fragments of the run before are forgotten.
class FuzzedForwarder {
 public:
  void begin(const Snapshot& snapshot) {
    snapshot_ = &snapshot;
    table_.free_if([](const auto&) { return true; });
    wide_table_.free_if([](const auto&) { return true; });
    now_ = (now_ + 1000) & kTickMask;
  }

  void send(std::vector<std::unique_ptr<FuzzPacket>>& packets) {
    Burst burst;
    for (std::unique_ptr<FuzzPacket>& packet : packets) {
      const CaptureView view = view_of(frame_of(packet->mbuf.get()));  // as a capture looks at it
      service_of(view, *snapshot_);
      const std::optional<Address6> client = client_at_a_glance(frame_of(packet->mbuf.get()));
      require(!client || (view.has_ends && view.client == *client),
              "a client that a closer look doesn't see");
      const uint32_t flow = flow_hash(frame_of(packet->mbuf.get()), HashSeed(kRigSeed));
      require(flow == kNoFlow || flow % 2 == 1, "a flow that is none");
      burst.packets[burst.count++] = packet->mbuf.get();
      alive_.emplace(packet->mbuf.get(), std::move(packet));
    }
    packets.clear();
    process(burst);
    now_ += 1;
    forwarder_.expire_fragments(now_);
    drain();
  }

  void finish() {
    forwarder_.release_fragments();
    drain();
    require(alive_.empty(), "a packet is in no lane");
    require(!forwarder_.holds_fragments(), "fragments are still held");
  }

 private:
  void drain() {
    Burst burst;
    for (forwarder_.take_released(burst); burst.count > 0; forwarder_.take_released(burst)) process(burst);
  }

  void process(const Burst& burst) {
    forwarder_.process(burst, *snapshot_, now_, *outcome_);
    size_t placed = outcome_->held.count;
    const auto end = [&](const auto& lane) {
      placed += lane.count;
      for (uint16_t i = 0; i < lane.count; ++i)
        require(alive_.erase(lane.packets[i]) == 1, "a packet is in a lane twice, or was never received");
    };
    for (const Outcome::Lane& lane : outcome_->transmit) end(lane);
    end(outcome_->punt);
    end(outcome_->drop);
    for (uint16_t i = 0; i < outcome_->drop.count; ++i)
      require(outcome_->drop.reasons[i] < DropReason::count, "a reason that there is not");
    require(placed == burst.count, "as many packets come out as went in");
  }

  const Snapshot* snapshot_ = nullptr;
  TestTable table_{kSlots};
  WideTestTable wide_table_{kSlots};
  std::unique_ptr<WorkerCounters> counters_ = std::make_unique<WorkerCounters>();
  Forwarder forwarder_{{*table_, *wide_table_}, *counters_, 0, kRigSeed};
  std::unique_ptr<Outcome> outcome_ = std::make_unique<Outcome>();
  std::map<const rte_mbuf*, std::unique_ptr<FuzzPacket>> alive_;
  Tick now_ = 1000;
};

void run(const uint8_t* data, size_t size) {
  if (size == 0) return;
  const Snapshot snapshot = Settings(data[0]).make();
  static FuzzedForwarder forwarder;
  forwarder.begin(snapshot);
  std::vector<std::unique_ptr<FuzzPacket>> packets;
  size_t at = 1;
  for (size_t count = 0; count < kMostFrames && at + 2 <= size; ++count) {
    const size_t wanted = data[at] | static_cast<size_t>(data[at + 1]) << 8;
    at += 2;
    const size_t length = std::min(wanted % 2048, size - at);
    packets.push_back(std::make_unique<FuzzPacket>(data + at, length));
    at += length;
    if (packets.size() == kBurst) forwarder.send(packets);
  }
  if (!packets.empty()) forwarder.send(packets);
  forwarder.finish();
}

}  // namespace
}  // namespace turnout

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  turnout::run(data, size);
  return 0;
}
