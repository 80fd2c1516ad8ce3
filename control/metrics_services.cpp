// Metrics of virtual services and of their real servers.
#include "control/metrics_families.h"

namespace turnout {

Labels labels_of(const ServiceKey& key) {
  if (key.is_group()) {
    const std::string name = key.group + (key.vip.is_v6() ? " (ipv6)" : "");
    return {{"vip", name}, {"protocol", "group"}, {"port", "0"}};
  }
  return {{"vip", key.vip.to_string()}, {"protocol", to_string(key.protocol)}, {"port", key.port_text()}};
}

namespace {

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

void add_marks(Families& families, const Config& config) {
  MetricFamily& metrics = families.add(
      "turnout_service_mark", "What is written into each packet of the virtual service.", MetricType::Gauge);
  const auto add = [&](const ServiceKey& key, const char* field, const std::optional<uint8_t>& value) {
    if (!value) return;
    Labels labels = labels_of(key);
    labels.push_back({"field", field});
    add_sample(metrics, std::move(labels), number(*value));
  };
  for (const ServiceConfig& service : config.services) {
    add(service.key, "dscp", service.dscp);
    add(service.key, "vlan_priority", service.vlan_priority);
  }
}

}  // namespace

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
  add_marks(families, director.config());
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

}  // namespace turnout
