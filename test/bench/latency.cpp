// How long a packet stays inside: from the moment that it stands in a worker's receive queue to the moment
// that it is found in the transmit queue. A real Worker polls on one core, this program's main thread feeds
// it on another, through net_ring in place of a NIC: first as fast as both can, then in paced bursts at a
// share of that rate.
//
//   latency [--flows=65536] [--load=0.8] [--burst=32] [--seconds=5] [--json=FILE]
//
// Both threads are busy all the time, so it takes two cores with nothing else to do; where others have a
// share of them, the longest times are theirs.
#include <getopt.h>

#include <cstring>
#include <deque>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include <rte_cycles.h>
#include <rte_lcore.h>

#include "test/bench/latency_histogram.h"
#include "test/bench/latency_rig.h"

namespace {

using namespace turnout;
using namespace turnout::bench;

constexpr size_t kMegabytes = 256;
constexpr size_t kStampAt = 56;  // behind the headers
constexpr unsigned kLargestBurst = 256;

struct Settings {
  uint64_t flows = 65536;
  double load = 0.8;
  unsigned burst = 32;
  double seconds = 5;
  std::string json;
};

/// Sends bursts, takes them in again, and notes how long they were away.
class Generator {
 public:
  Generator(LatencyRig& rig, unsigned burst)
      : rig_(rig), burst_(burst), waiting_(rig.packets().begin(), rig.packets().end()) {}

  /// Packets per second that came back, of those that were sent every `interval` cycles.
  double run(double seconds, double interval) {
    const double hz = static_cast<double>(rte_get_tsc_hz());
    const uint64_t begin = rte_rdtsc();
    const uint64_t end = begin + static_cast<uint64_t>(seconds * hz);
    double due = static_cast<double>(begin);
    uint64_t received = 0;
    histogram.clear();
    refused = 0;
    for (uint64_t now = begin; now < end; now = rte_rdtsc()) {
      if (static_cast<double>(now) >= due && waiting_.size() >= burst_) {
        send();
        due += interval;
      }
      received += receive(hz);
    }
    return static_cast<double>(received) / (static_cast<double>(rte_rdtsc() - begin) / hz);
  }

  LatencyHistogram histogram;
  uint64_t refused = 0;  // packets that the receive queue had no room for

 private:
  void send() {
    std::array<rte_mbuf*, kLargestBurst> packets;
    std::copy_n(waiting_.begin(), burst_, packets.begin());
    for (unsigned i = 0; i < burst_; ++i) rte_prefetch0(stamp_of(packets[i]));
    const uint64_t now = rte_rdtsc();
    for (unsigned i = 0; i < burst_; ++i) std::memcpy(stamp_of(packets[i]), &now, sizeof now);
    const unsigned sent = rig_.put(packets.data(), burst_);
    waiting_.erase(waiting_.begin(), waiting_.begin() + sent);
    refused += burst_ - sent;
  }

  unsigned receive(double hz) {
    std::array<rte_mbuf*, kLargestBurst> packets;
    const unsigned count = rig_.take(packets.data(), kLargestBurst);
    if (count == 0) return 0;
    const uint64_t now = rte_rdtsc();
    for (unsigned i = 0; i < count; ++i) {
      uint64_t sent;
      std::memcpy(&sent, stamp_of(packets[i]), sizeof sent);
      histogram.add(static_cast<uint64_t>(static_cast<double>(now - sent) * 1e9 / hz));
    }
    waiting_.insert(waiting_.end(), packets.begin(), packets.begin() + count);
    return count;
  }

  static uint8_t* stamp_of(rte_mbuf* packet) { return rte_pktmbuf_mtod_offset(packet, uint8_t*, kStampAt); }

  LatencyRig& rig_;
  unsigned burst_;
  std::deque<rte_mbuf*> waiting_;
};

struct Result {
  double highest_rate;
  double rate;
  double busy_share;
};

/// First the rate of the whole set-up, then times at a share of it.
Result measure(LatencyRig& rig, Generator& generator, const Settings& settings) {
  Result result{};
  generator.run(1, 0);  // every flow gets its entry
  result.highest_rate = generator.run(2, 0);
  const double interval =
      settings.burst / (settings.load * result.highest_rate) * static_cast<double>(rte_get_tsc_hz());
  generator.run(0.5, interval);
  const uint64_t busy = rig.busy_cycles(), idle = rig.idle_cycles();
  result.rate = generator.run(settings.seconds, interval);
  const auto worked = static_cast<double>(rig.busy_cycles() - busy);
  result.busy_share = worked / (worked + static_cast<double>(rig.idle_cycles() - idle));
  return result;
}

nlohmann::json to_json(const Settings& settings, const Generator& generator, const Result& result,
                       uint64_t dropped) {
  nlohmann::json powers = nlohmann::json::array();
  generator.histogram.visit_powers([&](uint64_t from, uint64_t to, uint64_t count) {
    powers.push_back({{"from_ns", from}, {"below_ns", to}, {"packets", count}});
  });
  return {{"flows", settings.flows},
          {"burst", settings.burst},
          {"load", settings.load},
          {"hugepages", has_hugepages()},
          {"highest_packets_per_second", result.highest_rate},
          {"packets_per_second", result.rate},
          {"worker_busy_share", result.busy_share},
          {"packets", generator.histogram.count()},
          {"refused_packets", generator.refused},
          {"dropped_packets", dropped},
          {"p50_ns", generator.histogram.percentile(0.5)},
          {"p99_ns", generator.histogram.percentile(0.99)},
          {"p999_ns", generator.histogram.percentile(0.999)},
          {"histogram", powers}};
}

void print(const nlohmann::json& result) {
  std::printf("%.2f Mpps at the most; at %.2f Mpps the worker found packets in %.0f %% of its time\n",
              result["highest_packets_per_second"].get<double>() / 1e6,
              result["packets_per_second"].get<double>() / 1e6,
              result["worker_busy_share"].get<double>() * 100);
  std::printf("added latency: p50 %lu ns, p99 %lu ns, p99.9 %lu ns\n", result["p50_ns"].get<uint64_t>(),
              result["p99_ns"].get<uint64_t>(), result["p999_ns"].get<uint64_t>());
  const double all = result["packets"].get<double>();
  for (const auto& power : result["histogram"]) {
    const double share = power["packets"].get<double>() / all;
    std::printf("%10lu ns … %10lu ns  %9.4f %%  %s\n", power["from_ns"].get<uint64_t>(),
                power["below_ns"].get<uint64_t>(), share * 100,
                std::string(static_cast<size_t>(share * 60), '#').c_str());
  }
}

bool read_options(int argc, char** argv, Settings& settings) {
  const option options[] = {
      {"flows", required_argument, nullptr, 'f'}, {"load", required_argument, nullptr, 'l'},
      {"burst", required_argument, nullptr, 'b'}, {"seconds", required_argument, nullptr, 's'},
      {"json", required_argument, nullptr, 'j'},  {nullptr, 0, nullptr, 0}};
  for (int found; (found = getopt_long(argc, argv, "", options, nullptr)) != -1;) {
    switch (found) {
      case 'f':
        settings.flows = std::strtoull(optarg, nullptr, 10);
        break;
      case 'l':
        settings.load = std::strtod(optarg, nullptr);
        break;
      case 'b':
        settings.burst = static_cast<unsigned>(std::strtoul(optarg, nullptr, 10));
        break;
      case 's':
        settings.seconds = std::strtod(optarg, nullptr);
        break;
      case 'j':
        settings.json = optarg;
        break;
      default:
        return false;
    }
  }
  return optind == argc && settings.burst >= 1 && settings.burst <= kLargestBurst && settings.flows >= 4096 &&
         settings.load > 0 && settings.load <= 1;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  if (!read_options(argc, argv, settings)) {
    std::fprintf(
        stderr,
        "usage: latency [--flows=65536] [--load=0.8] [--burst=32 (1-256)] [--seconds=5] [--json=FILE]\n");
    return 2;
  }
  start_eal(kMegabytes, 2);
  const unsigned lcore = rte_get_next_lcore(static_cast<unsigned>(-1), 1, 0);
  LatencyRig rig(settings.flows, lcore);
  Generator generator(rig, settings.burst);
  const Result measured = measure(rig, generator, settings);
  const nlohmann::json result = to_json(settings, generator, measured, rig.dropped());
  print(result);
  if (!settings.json.empty()) std::ofstream(settings.json) << result.dump(2) << "\n";
}
