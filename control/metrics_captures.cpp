// Metrics of captures.
#include "control/captures.h"
#include "control/metrics_families.h"

namespace turnout {

void add_captures(Families& families, const DaemonView& daemon) {
  const Captures* const captures = daemon.captures;
  if (!captures) return;
  families.add_single("turnout_capture_active", "1 while packets are being captured.", MetricType::Gauge,
                      captures->is_active() ? 1 : 0);
  MetricFamily& packets = families.add(
      "turnout_capture_packets_total",
      "Packets that a capture wanted, by what became of the copy: missed are those that it had no room for.",
      MetricType::Counter);
  add_sample(packets, {{"result", "captured"}}, number(captures->captured()));
  add_sample(packets, {{"result", "missed"}}, number(captures->missed()));
}

}  // namespace turnout
