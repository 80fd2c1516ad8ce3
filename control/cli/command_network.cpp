// `neighbors` and `ports`.
#include <ostream>

#include "control/cli/format.h"
#include "control/cli/status.h"

namespace turnout::cli {
namespace {

/// "up", or "up, down" where each family has a gateway; "-" for none.
std::string uplink_states(const Json& port) {
  Json states = Json::array();
  for (const Json& uplink : member(port, "uplink")) states.push_back(member(uplink, "state"));
  return joined(states);
}

/// One is a text, two are a list.
std::string gateways(const Json& port) {
  const Json& gateway = member(port, "gateway");
  return gateway.is_array() ? joined(gateway) : text(gateway);
}

}  // namespace

void show_neighbors(const Request& request) {
  const Json neighbors = request.call("neighbor.list", Json::object());
  if (request.print_json(neighbors)) return;
  Table table({{"PORT"},
               {"ADDRESS"},
               {"MAC"},
               {"STATE"},
               {"AGE", Align::right},
               {"REQUESTS", Align::right},
               {"MAC CHANGES", Align::right},
               {"RIVAL"}});
  for (const Json& neighbor : neighbors) {
    table.add_row({text(neighbor, "port"), text(neighbor, "address"), text(neighbor, "mac"),
                   text(neighbor, "state"), duration(neighbor, "age"), text(neighbor, "requests"),
                   text(neighbor, "mac_changes"), text(neighbor, "rival")});
  }
  print_table(request, table, "No neighbors: there are neither real servers nor gateways to resolve.");
}

void show_ports(const Request& request) {
  const Json ports = request.call("port.list", Json::object());
  if (request.print_json(ports)) return;
  Table table({{"PORT"},
               {"DEVICE"},
               {"DRIVER"},
               {"VLAN", Align::right},
               {"MAC"},
               {"LINK"},
               {"SPEED", Align::right},
               {"MTU", Align::right},
               {"RXQ", Align::right},
               {"TXQ", Align::right},
               {"RSS"},
               {"SPREAD"},
               {"GATEWAY"},
               {"UPLINK"},
               {"KERNEL"},
               {"ADDRESSES"}});
  for (const Json& port : ports) {
    table.add_row({text(port, "name"), text(port, "device"), text(port, "driver"), text(port, "vlan"),
                   text(port, "mac"), text(port, "link"), link_speed(port), text(port, "mtu"),
                   text(port, "rx_queues"), text(port, "tx_queues"), text(port, "rss"), text(port, "spread"),
                   gateways(port), uplink_states(port), text(port, "kernel_interface"),
                   joined(member(port, "addresses"))});
  }
  print_table(request, table, "No ports.");
}

}  // namespace turnout::cli
