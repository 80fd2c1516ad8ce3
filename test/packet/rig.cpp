#include "test/packet/rig.h"

#include <stdexcept>

#include <rte_cycles.h>

#include "test/support/frame_changes.h"

namespace turnout {

namespace {

constexpr uint64_t kCapacity = 4096;  // connections
constexpr uint64_t kSeed = 1;         // a test that fails is to fail again
constexpr std::chrono::seconds kAnnouncing{4};

std::vector<Station> stations(const RigOptions& options) {
  std::vector<Station> all;
  for (size_t port = 0; port < kTestPorts; ++port)
    all.push_back({*parse_mac(port_mac(port)), false, options.mtus[port]});
  return all;
}

/// Cycles of a tick; an hour's if the clock is to stand still.
uint64_t tick_cycles(const RigOptions& options) {
  constexpr uint64_t kHour = 3600;
  return options.ticks_per_second > 0 ? rte_get_tsc_hz() / options.ticks_per_second
                                      : rte_get_tsc_hz() * kHour;
}

unsigned control_buffers_in_use() {
  return rte_mempool_in_use_count(rte_mempool_lookup("control"));
}

}  // namespace

void PrintTo(const Sent& sent, std::ostream* out) {
  *out << "port " << sent.port << ":" << hex(sent.frame);
}

Config config_with(const std::string& services, const std::string& ports, const std::string& more) {
  const std::string text = R"({ "ports": [)" + ports + R"(], "services": [)" + services + "]" + more + "}";
  Parsed<Json> json = parse_json_text(text);
  if (json.value) {
    for (Json& service : json.value->at("services"))  // nobody answers in these tests
      if (!service.contains("health")) service["health"] = {{"type", "none"}};
  }
  Parsed<Config> config = json.value ? parse_config(*json.value) : Parsed<Config>{{}, json.errors};
  if (!config.value) throw std::invalid_argument(config.errors.front().to_string());
  config.value->vip_watch.interval = {};  // no probes between the packets that a test is about
  return *config.value;
}

Rig::Rig(Config config, const RigOptions& options)
    : clock_(rte_rdtsc(), tick_cycles(options)),
      memory_(TableMemory::of<ConnectionTable>(kCapacity, "capacity")),
      memory6_(TableMemory::of<WideConnectionTable>(kCapacity, "capacity_ipv6")),
      table_(memory_.get(), kCapacity, kSeed),
      table6_(memory6_.get(), kCapacity, kSeed),
      director_(std::move(config), {snapshots_, tables_, statistics_, wire_, stations(options)}, time_),
      worker_(0, ports_.queues(), {snapshots_, tables_, wire_.to_control(), wire_.from_control()},
              statistics_.worker(0), {clock_, rte_get_tsc_hz(), options.idle}, kSeed) {
  worker_.start();
}

Rig::~Rig() {
  poll_all();
  worker_.finish();  // fragments that wait are released: they are in the books now
  take();
  check_books();
  EXPECT_EQ(statistics_.packets().held, 0u);
  check_octets();
  wire_.discard();
  EXPECT_EQ(ports_.buffers_in_use(), buffers_before_) << "packets were lost without being freed";
  EXPECT_EQ(control_buffers_in_use(), 0u) << "control's packets were lost without being freed";
}

void Rig::put(size_t port, const Bytes& frame, Arrival how) {
  ASSERT_TRUE(ports_.put(port, frame, how)) << "the test's own queue is full";
  put_[port].add(frame);
}

void Rig::poll() {
  worker_.poll();
  check_books();
}

void Rig::poll_all() {
  while (ports_.arriving(kFront) + ports_.arriving(kBack) > 0) poll();
}

void Rig::check_books() const {
  const PacketTotals totals = statistics_.packets();
  ASSERT_EQ(totals.received(), totals.transmitted() + totals.punted() + totals.dropped());
  ASSERT_EQ(totals.received() + totals.held + ports_.arriving(kFront) + ports_.arriving(kBack), frames_put());
  for (size_t port = 0; port < kTestPorts; ++port) {
    const uint64_t known = totals.ports[port].receive_packets + ports_.arriving(port);
    ASSERT_LE(known, put_[port].frames) << "port " << port;
    ASSERT_GE(known + totals.held, put_[port].frames) << "port " << port;
    ASSERT_EQ(totals.ports[port].transmit_packets, taken_[port].frames + ports_.sent(port))
        << "port " << port;
  }
}

void Rig::check_octets() const {
  const PacketTotals totals = statistics_.packets();
  for (size_t port = 0; port < kTestPorts; ++port) {
    EXPECT_EQ(totals.ports[port].receive_bytes, put_[port].octets) << "port " << port;
    EXPECT_EQ(totals.ports[port].transmit_bytes, taken_[port].octets) << "port " << port;
  }
}

std::vector<Sent> Rig::take() {
  std::vector<Sent> all;
  for (size_t port = 0; port < kTestPorts; ++port) {
    for (Bytes& frame : ports_.take(port)) {
      taken_[port].add(frame);
      all.push_back({port, std::move(frame)});
    }
  }
  return all;
}

void Rig::tick(std::chrono::milliseconds step) {
  time_ += step;
  director_.tick(time_, clock_.at(rte_rdtsc()));
}

std::vector<Sent> Rig::pass(size_t port, const Bytes& frame, Arrival how) {
  put(port, frame, how);
  poll_all();
  return take();
}

std::vector<Sent> Rig::answers() {
  tick();
  poll();
  return take();
}

void Rig::settle() {
  for (std::chrono::seconds waited{0}; waited < kAnnouncing; ++waited) {
    tick(std::chrono::seconds(1));
    poll();
    take();
  }
}

}  // namespace turnout
