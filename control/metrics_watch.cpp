// Metrics of what the director watches: who else claims a VIP, and the uplinks.
#include "control/metrics_families.h"

namespace turnout {

void add_vip_conflicts(Families& families, const VipConflicts& conflicts) {
  MetricFamily& metrics = families.add("turnout_vip_conflict",
                                       "1 while another machine claims the VIP, 0 for an hour after that; "
                                       "server is empty if the MAC is none's.",
                                       MetricType::Gauge);
  for (const auto& [key, conflict] : conflicts.all()) {
    if (!conflict.is_vip) continue;
    const bool is_server = conflict.owner && !conflict.owner->is_gateway;
    add_sample(metrics,
               {{"vip", conflict.ip.to_string()},
                {"mac", conflict.mac.to_string()},
                {"server", is_server ? conflict.owner->address.to_string() : ""}},
               conflict.lasts() ? 1 : 0);
  }
  families.add_single("turnout_vip_claims_unlisted_total",
                      "Claims of VIPs by MACs that turnout_vip_conflict has no room for.",
                      MetricType::Counter, number(conflicts.without_room()));
}

void add_uplinks(Families& families, const Director& director) {
  using enum MetricType;
  MetricFamily up{
      "turnout_uplink_up", "1 if the gateway of the port, and its far target, answer.", Gauge, {}};
  MetricFamily changes{"turnout_uplink_changes_total", "How often it went up or down.", Counter, {}};
  for (const Uplink& uplink : director.uplinks().uplinks()) {
    const Labels labels = {{"port", director.config().ports[uplink.port].name},
                           {"gateway", uplink.gateway.to_string()}};
    add_sample(up, labels, uplink.up() ? 1 : 0);
    add_sample(changes, labels, number(uplink.changes));
  }
  MetricFamily withdrawn{"turnout_vip_withdrawn",
                         "1 if the VIP is withdrawn because the uplink it depends on is down.",
                         Gauge,
                         {}};
  for (const VipConfig& vip : director.config().vips) {
    if (vip.depends_on_uplink.empty()) continue;
    add_sample(withdrawn, {{"vip", vip.address.to_string()}}, director.uplinks().is_withdrawn(vip) ? 1 : 0);
  }
  for (MetricFamily* family : {&up, &changes, &withdrawn}) families.add(std::move(*family));
}

}  // namespace turnout
