#include "control/metrics_families.h"

namespace turnout {

void add_quic(Families& families, const Statistics& statistics) {
  uint64_t by_id = 0, by_flow = 0, moved = 0;
  for (unsigned worker = 0; worker < statistics.workers(); ++worker) {
    const QuicCounters& counters = statistics.worker(worker).quic;
    by_id += counters.by_id.read();
    by_flow += counters.by_flow.read();
    moved += counters.moved.read();
  }
  MetricFamily& packets =
      families.add("turnout_quic_packets_total",
                   "Packets of services of QUIC, by what their real server was found: connection ID or flow.",
                   MetricType::Counter);
  add_sample(packets, {{"by", "connection_id"}}, number(by_id));
  add_sample(packets, {{"by", "flow"}}, number(by_flow));
  families.add_single("turnout_quic_moved_total",
                      "Packets whose connection ID named another real server than their flow had.",
                      MetricType::Counter, number(moved));
}

}  // namespace turnout
