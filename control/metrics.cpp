#include "control/metrics.h"

#include "control/metrics_families.h"

namespace turnout {

std::string metrics_text(const DaemonView& daemon) {
  const PacketTotals packets = daemon.director.statistics().packets();
  Families families;
  add_ports(families, daemon, packets);
  add_packets(families, packets);
  add_answers(families, daemon.director.link().responder().counters());
  add_vip_conflicts(families, daemon.director.link().vip_conflicts());
  add_kernel_interfaces(families, daemon);
  add_services(families, daemon.director);
  add_servers(families, daemon.director);
  add_filters(families, daemon.director);
  add_quic(families, daemon.director.statistics());
  add_limits(families, daemon.director);
  add_uplinks(families, daemon.director);
  add_table(families, daemon.director);
  add_workers(families, daemon);
  add_captures(families, daemon);
  families.add_single("turnout_config_generation", "Counts the configurations since the start.",
                      MetricType::Gauge, number(daemon.director.generation()));
  families.add_single("turnout_build_info", "1, with the version.", MetricType::Gauge, 1,
                      {{"version", TURNOUT_VERSION}});
  return families.text();
}

}  // namespace turnout
