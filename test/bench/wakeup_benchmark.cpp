// What idle workers cost: how long a packet that comes after a gap takes through the worker, and how much of
// its CPU a worker uses that gets none, by idle policy. The real worker on an lcore of its own, over net_ring
// ports; this program spins at the other ends of their rings. Needs two CPUs that nobody else uses.
//
//   meson setup build-bench -Dbenchmarks=true
//   meson compile -C build-bench wakeup_benchmark
//   build-bench/test/bench/wakeup_benchmark [packets per row, by default 1000]
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

#include <rte_cycles.h>
#include <rte_launch.h>

#include "control/config_json.h"
#include "control/eal.h"
#include "control/log.h"
#include "control/registry.h"
#include "control/snapshot_builder.h"
#include "control/wire.h"
#include "test/packet/test_ports.h"
#include "test/support/frames.h"
#include "test/support/test_table.h"

namespace {

using namespace turnout;

constexpr uint64_t kCapacity = 4096;  // connections
constexpr uint64_t kSeed = 1;
constexpr unsigned kDefaultPackets = 1000;
constexpr std::chrono::milliseconds kIdleTime{1000};

Config make_config() {
  std::string cpus;
  cpu_set_t allowed;
  sched_getaffinity(0, sizeof allowed, &allowed);
  unsigned lcores = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE && lcores < 2; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    cpus += (lcores == 0 ? "" : ",") + std::to_string(lcores) + "@" + std::to_string(cpu);
    ++lcores;
  }
  if (lcores < 2)
    throw std::runtime_error("one CPU alone can't show it: the worker and the test need one each");
  const Parsed<Config> config = parse_config(Json::parse(R"({
    "eal": { "args": ["--no-huge", "-m", "128", "--no-pci", "--no-telemetry", "--no-shconf"] },
    "ports": [ { "name": "front", "device": "test0", "addresses": ["192.0.2.2/24"] },
               { "name": "back", "device": "test1", "addresses": ["198.51.100.2/24"] } ],
    "services": [ { "vip": "192.0.2.100", "protocol": "tcp", "port": 80, "health": { "type": "none" }, "real_servers": [
      { "address": "198.51.100.11", "mac": "02:00:00:00:00:11" } ] } ] })"));
  Config made = config.value.value();
  made.eal.lcores = cpus;
  return made;
}

/// A worker that runs under a policy, until this goes.
class RunningWorker {
 public:
  RunningWorker(IdlePolicy policy, const Config& config)
      : worker_(0, TestPorts::instance().queues(),
                {snapshots_, tables_, wire_.to_control(), wire_.from_control()}, counters_,
                {TickClock(rte_rdtsc(), rte_get_tsc_hz()), rte_get_tsc_hz(), policy}, kSeed) {
    Registry registry;
    registry.update(config, 1);
    SnapshotBuilder builder(
        {{*parse_mac("02:00:00:00:01:00"), false}, {*parse_mac("02:00:00:00:01:01"), false}});
    snapshots_.publish(builder.build(
        config, registry, [](size_t, const IpAddress&) { return std::nullopt; }, 1));
    rte_eal_remote_launch(&RunningWorker::run, this, kLcore);
    while (!runs_.load()) {
    }
  }
  ~RunningWorker() {
    stop_.store(true);
    rte_eal_wait_lcore(kLcore);
  }
  RunningWorker(const RunningWorker&) = delete;
  RunningWorker& operator=(const RunningWorker&) = delete;

  double cpu_seconds() const {
    clockid_t clock;
    timespec time{};
    pthread_getcpuclockid(thread_, &clock);
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }

 private:
  static constexpr unsigned kLcore = 1;
  static int run(void* argument) {
    auto* self = static_cast<RunningWorker*>(argument);
    self->thread_ = pthread_self();
    self->runs_.store(true);
    self->worker_.run(self->stop_);
    return 0;
  }

  TestTable table_{kCapacity};
  WideTestTable table6_{kCapacity};
  ConnectionTables tables_{*table_, *table6_};
  SnapshotSlot snapshots_{1};
  Wire wire_;
  WorkerCounters counters_;
  Worker worker_;
  pthread_t thread_{};
  std::atomic<bool> runs_{false};
  std::atomic<bool> stop_{false};
};

void spin(uint64_t cycles) {
  for (const uint64_t end = rte_rdtsc() + cycles; rte_rdtsc() < end;) {
  }
}

/// Cycles from the one port's ring to the other's, sorted; each packet comes `gap` cycles after the one
/// before left.
std::vector<uint64_t> latencies(unsigned packets, uint64_t gap) {
  TestPorts& ports = TestPorts::instance();
  const Bytes frame = tcp_frame({}, kSyn);
  std::vector<uint64_t> taken;
  while (taken.size() < packets) {
    spin(gap);
    const uint64_t begin = rte_rdtsc();
    if (!ports.put(kFront, frame)) throw std::runtime_error("the worker takes no packets");
    while (ports.sent(kBack) == 0) {
    }
    taken.push_back(rte_rdtsc() - begin);
    ports.take(kBack);
  }
  std::sort(taken.begin(), taken.end());
  return taken;
}

double microseconds(const std::vector<uint64_t>& sorted, double share) {
  const auto at = static_cast<size_t>(share * static_cast<double>(sorted.size() - 1));
  return static_cast<double>(sorted[at]) * 1e6 / static_cast<double>(rte_get_tsc_hz());
}

void measure(const char* name, IdlePolicy policy, const Config& config, unsigned packets) {
  const RunningWorker worker(policy, config);
  for (const unsigned gap : {5u, 50u, 1000u, 10'000u}) {  // µs
    const auto sorted = latencies(packets, gap * rte_get_tsc_hz() / 1'000'000);
    std::printf("| `%s` | %u | %.1f | %.1f | %.1f |\n", name, gap, microseconds(sorted, 0.5),
                microseconds(sorted, 0.99), microseconds(sorted, 1));
  }
  const double before = worker.cpu_seconds();
  const uint64_t begin = rte_rdtsc();
  std::this_thread::sleep_for(kIdleTime);
  const double seconds = static_cast<double>(rte_rdtsc() - begin) / static_cast<double>(rte_get_tsc_hz());
  std::printf("`%s`: %.1f %% of its CPU without packets\n", name,
              100 * (worker.cpu_seconds() - before) / seconds);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const unsigned packets = argc > 1 ? static_cast<unsigned>(std::stoul(argv[1])) : kDefaultPackets;
    set_log_level(LogLevel::error);
    const Config config = make_config();
    const Eal eal(config, {});
    const TestPorts ports;
    std::puts("| idle | gap, µs | p50, µs | p99, µs | longest, µs |\n|---|---|---|---|---|");
    measure("poll", IdlePolicy::poll, config, packets);
    measure("pause", IdlePolicy::pause, config, packets);
    measure("sleep", IdlePolicy::sleep, config, packets);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wakeup_benchmark: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
