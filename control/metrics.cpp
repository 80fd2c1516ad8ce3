#include "control/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <sstream>

#include <rte_cycles.h>

namespace turnout {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

class Families {
 public:
  MetricFamily& add(const char* name, const char* help, MetricType type) {
    families_.push_back({name, help, type, {}});
    return families_.back();
  }
  void add(MetricFamily family) { families_.push_back(std::move(family)); }
  void add_single(const char* name, const char* help, MetricType type, double value, Labels labels = {});
  std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return out.str();
  }

 private:
  std::vector<MetricFamily> families_;
};

void add_sample(MetricFamily& family, Labels labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  family.metric.push_back(std::move(metric));
}

void Families::add_single(const char* name, const char* help, MetricType type, double value, Labels labels) {
  add_sample(add(name, help, type), std::move(labels), value);
}

double number(uint64_t value) {
  return static_cast<double>(value);
}

void add_ports(Families& families, const DaemonView& daemon, const PacketTotals& totals) {
  const auto family = [&](const char* name, const char* help, auto value) {
    MetricFamily& metrics = families.add(name, help, MetricType::Counter);
    for (size_t i = 0; i < daemon.devices.size(); ++i) {
      add_sample(metrics, {{"port", daemon.director.config().ports[i].name}}, number(value(i)));
    }
  };
  const auto& ports = totals.ports;
  family("turnout_port_receive_packets_total", "Frames received.",
         [&](size_t i) { return ports[i].receive_packets; });
  family("turnout_port_receive_bytes_total", "Bytes of the frames received, without FCS.",
         [&](size_t i) { return ports[i].receive_bytes; });
  family("turnout_port_transmit_packets_total", "Frames transmitted, forwarded or originated.",
         [&](size_t i) { return ports[i].transmit_packets; });
  family("turnout_port_transmit_bytes_total", "Bytes of the frames transmitted, without FCS.",
         [&](size_t i) { return ports[i].transmit_bytes; });
  family("turnout_port_receive_missed_total", "Frames that the device had no room for.",
         [&](size_t i) { return daemon.devices[i]->errors().missed; });
  family("turnout_port_receive_errors_total", "Frames that the device found damaged.",
         [&](size_t i) { return daemon.devices[i]->errors().errors; });
  family("turnout_port_receive_no_buffer_total", "Frames lost because no packet buffer was left.",
         [&](size_t i) { return daemon.devices[i]->errors().no_buffer; });
}

void add_packets(Families& families, const PacketTotals& totals) {
  families.add_single("turnout_received_packets_total",
                      "Packets received: as many as were transmitted, punted or dropped.",
                      MetricType::Counter, number(totals.received()));
  families.add_single("turnout_forwarded_packets_total", "Packets received and transmitted to a real server.",
                      MetricType::Counter, number(totals.transmitted()));
  families.add_single("turnout_originated_packets_total",
                      "Frames of the director's own, and of its kernel interfaces.", MetricType::Counter,
                      number(totals.originated));
  families.add_single("turnout_held_fragments", "Fragments that wait for the first of their datagram.",
                      MetricType::Gauge, number(totals.held));
  MetricFamily& drops =
      families.add("turnout_dropped_packets_total", "Packets dropped, by reason.", MetricType::Counter);
  for (size_t i = 0; i < kDropReasons; ++i) {
    add_sample(drops, {{"reason", std::string(kDropReasonNames[i])}}, number(totals.drops[i]));
  }
  MetricFamily& punts = families.add("turnout_punted_packets_total",
                                     "Packets handed to the control thread, by kind.", MetricType::Counter);
  for (size_t i = 0; i < kPuntKinds; ++i) {
    add_sample(punts, {{"kind", std::string(kPuntKindNames[i])}}, number(totals.punts[i]));
  }
}

void add_answers(Families& families, const PuntResponder::Counters& counters) {
  const auto family = [&](const char* name, const char* help,
                          const std::vector<std::pair<const char*, uint64_t>>& kinds) {
    MetricFamily& metrics = families.add(name, help, MetricType::Counter);
    for (const auto& [kind, count] : kinds) add_sample(metrics, {{"kind", kind}}, number(count));
  };
  family("turnout_answered_packets_total", "Packets that control answered, by kind.",
         {{"arp", counters.arp_answered},
          {"ndp", counters.ndp_answered},
          {"icmp_echo", counters.icmp_answered},
          {"unmatched", counters.refused},
          {"too_big", counters.too_big_answered}});
  family("turnout_unanswered_packets_total",
         "Packets that control left without an answer because there were too many, by kind.",
         {{"arp", counters.arp_over_limit},
          {"ndp", counters.ndp_over_limit},
          {"icmp_echo", counters.icmp_over_limit},
          {"unmatched", counters.refused_over_limit},
          {"too_big", counters.too_big_over_limit}});
}

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

void add_kernel_interfaces(Families& families, const DaemonView& daemon) {
  const auto family = [&](const char* name, const char* help, uint64_t KernelInterface::Counters::*value) {
    MetricFamily& metrics = families.add(name, help, MetricType::Counter);
    for (size_t i = 0; i < daemon.kernel_interfaces.size(); ++i) {
      const auto& interface = daemon.kernel_interfaces[i];
      if (!interface) continue;
      add_sample(metrics, {{"port", daemon.director.config().ports[i].name}},
                 number(interface->counters().*value));
    }
  };
  family("turnout_kernel_to_packets_total", "Frames given to the kernel interface of the port.",
         &KernelInterface::Counters::to_kernel);
  family("turnout_kernel_from_packets_total", "Frames that the kernel sent on that interface.",
         &KernelInterface::Counters::from_kernel);
  family("turnout_kernel_lost_packets_total",
         "Frames over the limit of that interface, or that the kernel did not take.",
         &KernelInterface::Counters::lost);
}

Labels labels_of(const ServiceKey& key) {
  if (key.is_group()) {
    const std::string name = key.group + (key.vip.is_v6() ? " (ipv6)" : "");
    return {{"vip", name}, {"protocol", "group"}, {"port", "0"}};
  }
  return {{"vip", key.vip.to_string()}, {"protocol", to_string(key.protocol)}, {"port", key.port_text()}};
}

void add_services(Families& families, const Director& director) {
  std::vector<std::pair<Labels, ServerTotals>> rows;
  for (const auto& [key, numbers] : director.registry().services()) {
    rows.emplace_back(labels_of(key), director.statistics().service(numbers, director.registry()));
  }
  const auto family = [&](const char* name, const char* help, uint64_t ServerTotals::*value) {
    MetricFamily& metrics = families.add(name, help, MetricType::Counter);
    for (const auto& [labels, totals] : rows) add_sample(metrics, labels, number(totals.*value));
  };
  family("turnout_service_packets_total", "Packets forwarded for the virtual service.",
         &ServerTotals::packets);
  family("turnout_service_bytes_total", "IP bytes forwarded for the virtual service.", &ServerTotals::bytes);
  family("turnout_service_connections_total", "Connections of the virtual service.",
         &ServerTotals::connections);
}

struct ServerRow {
  Labels labels;
  ServerTotals totals;
  uint32_t weight;
  bool up;
};

std::vector<ServerRow> server_rows(const Director& director) {
  std::vector<ServerRow> rows;
  for (const ServiceConfig& service : director.config().services) {
    const Registry::Service& numbers = director.registry().service(service.key);
    for (const RealServerConfig& server : service.real_servers) {
      const uint32_t slot = numbers.servers.at(server.address).slot;
      Labels labels = labels_of(service.key);
      labels.push_back({"server", server.address.to_string()});
      rows.push_back(
          {std::move(labels), director.statistics().server(slot), server.weight, director.is_up(slot)});
    }
  }
  return rows;
}

void add_servers(Families& families, const Director& director) {
  const std::vector<ServerRow> rows = server_rows(director);
  const auto family = [&](const char* name, const char* help, MetricType type, auto value) {
    MetricFamily& metrics = families.add(name, help, type);
    for (const ServerRow& row : rows) add_sample(metrics, row.labels, number(value(row)));
  };
  using enum MetricType;
  family("turnout_server_packets_total", "Packets forwarded to the real server.", Counter,
         [](const ServerRow& row) { return row.totals.packets; });
  family("turnout_server_bytes_total", "IP bytes forwarded to the real server.", Counter,
         [](const ServerRow& row) { return row.totals.bytes; });
  family("turnout_server_connections_total", "Connections given to the real server.", Counter,
         [](const ServerRow& row) { return row.totals.connections; });
  family("turnout_server_active_connections",
         "Established TCP connections, and UDP flows that are remembered.", Gauge,
         [](const ServerRow& row) { return row.totals.active; });
  family("turnout_server_inactive_connections", "TCP connections that begin or end.", Gauge,
         [](const ServerRow& row) { return row.totals.inactive; });
  family("turnout_server_up", "1 if the real server can be given packets.", Gauge,
         [](const ServerRow& row) { return uint64_t{row.up}; });
  family("turnout_server_weight", "Weight of the real server; 0 is draining.", Gauge,
         [](const ServerRow& row) { return uint64_t{row.weight}; });
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

void add_table(Families& families, const Director& director) {
  const TableTotals ipv4 = director.statistics().ipv4_table(), ipv6 = director.statistics().ipv6_table();
  const TableTotals table = ipv4 + ipv6;
  const uint64_t slots4 = director.tables().ipv4.slots(), slots6 = director.tables().ipv6.slots();
  using enum MetricType;
  const auto by_family = [&](const char* name, const char* help, uint64_t value4, uint64_t value6) {
    MetricFamily& metrics = families.add(name, help, Gauge);
    add_sample(metrics, {{"family", "ipv4"}}, number(value4));
    add_sample(metrics, {{"family", "ipv6"}}, number(value6));
  };
  by_family("turnout_connection_table_family_entries", "Connections in the table of a family.",
            ipv4.entries(), ipv6.entries());
  by_family("turnout_connection_table_family_capacity", "Slots of the table of a family.", slots4, slots6);
  families.add_single("turnout_connection_table_entries", "Connections in both tables.", Gauge,
                      number(table.entries()));
  families.add_single("turnout_connection_table_capacity", "Slots of both tables.", Gauge,
                      number(slots4 + slots6));
  families.add_single("turnout_connection_table_inserted_total", "Connections entered.", Counter,
                      number(table.inserted));
  families.add_single("turnout_connection_table_expired_total", "Connections that were idle too long.",
                      Counter, number(table.expired));
  families.add_single("turnout_connection_table_evicted_total",
                      "Connections that gave way to new ones: begun and never answered, or closed.", Counter,
                      number(table.evicted));
  families.add_single("turnout_connection_table_stateless_total",
                      "Packets forwarded without an entry because the table had no room.", Counter,
                      number(table.stateless));
}

void add_workers(Families& families, const DaemonView& daemon) {
  const Statistics& statistics = daemon.director.statistics();
  const auto family = [&](const char* name, const char* help, auto value) {
    MetricFamily& metrics = families.add(name, help, MetricType::Counter);
    for (unsigned i = 0; i < statistics.workers(); ++i)
      add_sample(metrics, {{"lcore", std::to_string(daemon.worker_lcores[i])}}, number(value(i)));
  };
  const auto counter = [&](const char* name, const char* help, Counter WorkerCounters::*which) {
    family(name, help, [&statistics, which](unsigned i) { return (statistics.worker(i).*which).read(); });
  };
  counter("turnout_worker_busy_cycles_total", "Cycles of passes over the queues that found packets.",
          &WorkerCounters::busy_cycles);
  counter("turnout_worker_idle_cycles_total", "Cycles of passes that found none, and of waiting after them.",
          &WorkerCounters::idle_cycles);
  family("turnout_worker_packets_total", "Packets received.",
         [&statistics](unsigned i) { return statistics.received_by(i); });
  counter("turnout_worker_polls_total", "Looks into a receive queue.", &WorkerCounters::polls);
  counter("turnout_worker_bursts_total", "Bursts taken from the queues.", &WorkerCounters::bursts);
  counter("turnout_worker_full_bursts_total", "Bursts that were as long as they can be.",
          &WorkerCounters::full_bursts);
  families.add_single("turnout_cycles_per_second", "Frequency of the counter that cycles are counted by.",
                      MetricType::Gauge, number(rte_get_tsc_hz()));
}

}  // namespace

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
  add_uplinks(families, daemon.director);
  add_table(families, daemon.director);
  add_workers(families, daemon);
  families.add_single("turnout_config_generation", "Counts the configurations since the start.",
                      MetricType::Gauge, number(daemon.director.generation()));
  families.add_single("turnout_build_info", "1, with the version.", MetricType::Gauge, 1,
                      {{"version", TURNOUT_VERSION}});
  return families.text();
}

}  // namespace turnout
