// Tables of what the daemon knows: services, servers, connections, neighbours, ports.
#include <algorithm>
#include <ostream>

#include "control/cli/arguments.h"
#include "control/cli/commands.h"
#include "control/cli/format.h"
#include "control/cli/status.h"
#include "control/cli/table.h"

namespace turnout::cli {
namespace {

constexpr uint64_t kDefaultLimit = 1000;
constexpr uint64_t kHighestLimit = 100'000;  // the daemon's own

void print_table(const Request& request, const Table& table, const std::string& if_empty) {
  request.out << (table.empty() ? if_empty + '\n' : table.to_string());
}

std::string duration(const Json& object, std::string_view key) {
  return member(object, key).is_number() ? format_duration(number(object, key)) : "-";
}

std::string endpoint(const Json& object, std::string_view address, std::string_view port) {
  return format_endpoint(text(object, address), text(object, port));
}

void show_services(const Request& request) {
  const Json services = request.call("service.list", Json::object());
  if (request.print_json(services)) return;
  const Json stats = request.call("stats.get", Json::object());
  print_table(request, services_table(services, stats),
              "No services. To add one: turnoutctl service add tcp VIP:PORT --server ADDR");
}

void show_servers(const Request& request) {
  const Json stats = request.call("stats.get", Json::object());
  if (request.print_json(stats)) return;
  Table table({{"SERVICE"},
               {"SERVER"},
               {"WEIGHT", Align::right},
               {"STATE"},
               {"ACTIVE", Align::right},
               {"INACTIVE", Align::right},
               {"CONNECTIONS", Align::right},
               {"PACKETS", Align::right},
               {"BYTES", Align::right}});
  for (const Json& service : member(stats, "services")) {
    for (const Json& server : member(service, "servers")) {
      table.add_row({service_name(service), text(server, "address"), text(server, "weight"),
                     is_true(server, "up") ? "up" : "down", text(server, "active_connections"),
                     text(server, "inactive_connections"), text(server, "connections"),
                     text(server, "packets"), text(server, "bytes")});
    }
  }
  print_table(request, table, "No real servers. To add one: turnoutctl server add tcp VIP:PORT ADDR");
}

Json connection_filter(const Request& request) {
  Json filter = Json::object();
  if (const auto service = request.option("service")) filter["service"] = parse_service_path(*service);
  if (const auto server = request.option("server")) filter["server"] = parse_address("--server", *server);
  if (const auto client = request.option("client")) filter["client"] = parse_address("--client", *client);
  return filter;
}

void show_vips(const Request& request) {
  const Json vips = request.call("vip.list", Json::object());
  if (request.print_json(vips)) return;
  Table table({{"VIP"}, {"ECHO"}, {"UNMATCHED"}, {"SERVICES", Align::right}, {"DEPENDS ON"}, {"WITHDRAWN"}});
  for (const Json& vip : vips) {
    table.add_row({text(vip, "address"), text(vip, "echo"), text(vip, "unmatched"), text(vip, "services"),
                   text(vip, "depends_on_uplink"), text(vip, "withdrawn")});
  }
  print_table(request, table, "No VIPs. To add one: turnoutctl service add tcp VIP:PORT --server ADDR");
}

void show_connections(const Request& request) {
  const auto limit_given = request.option("limit");
  const uint64_t limit =
      limit_given ? parse_number("--limit", *limit_given, 1, kHighestLimit) : kDefaultLimit;
  Json params = connection_filter(request);
  params["limit"] =
      request.json ? limit : std::min(limit + 1, kHighestLimit);  // one more tells whether there is more
  const Json connections = request.call("connection.list", params);
  if (request.print_json(connections)) return;

  Table table(
      {{"CLIENT"}, {"SERVICE"}, {"SERVER"}, {"STATE"}, {"IDLE", Align::right}, {"EXPIRES", Align::right}});
  size_t shown = 0;
  for (const Json& connection : connections) {
    if (shown++ == limit) break;
    table.add_row({endpoint(connection, "client", "client_port"), service_name(connection),
                   text(connection, "server"), text(connection, "state"), duration(connection, "idle"),
                   duration(connection, "expires")});
  }
  print_table(request, table, "No such connections.");
  if (connections.size() > limit) {
    request.out << "There are more than these " << limit << "; raise --limit.\n";
  } else if (connections.size() == kHighestLimit) {
    request.out << "There may be more than these " << limit
                << "; narrow the search with --service, --server or --client.\n";
  }
}

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
               {"GATEWAY"},
               {"UPLINK"},
               {"KERNEL"},
               {"ADDRESSES"}});
  for (const Json& port : ports) {
    table.add_row({text(port, "name"), text(port, "device"), text(port, "driver"), text(port, "vlan"),
                   text(port, "mac"), text(port, "link"), link_speed(port), text(port, "mtu"),
                   text(port, "rx_queues"), text(port, "tx_queues"), text(port, "rss"), gateways(port),
                   uplink_states(port), text(port, "kernel_interface"), joined(member(port, "addresses"))});
  }
  print_table(request, table, "No ports.");
}

}  // namespace

CommandGroup show_commands() {
  using Kind = CommandOption::Kind;
  CommandGroup group{"Look", "turnoutctl status\nturnoutctl connections --service tcp/192.0.2.100:80\n", {}};
  group.commands = {
      {"status",
       "",
       0,
       0,
       "all that matters on one screen",
       "daemon.info",
       {},
       "Counters count from the daemon's start. Example:\n  watch turnoutctl status\n",
       show_status},
      {"doctor",
       "",
       0,
       0,
       "what is wrong, what it means, and what mends it",
       "doctor",
       {{"watch", Kind::on_or_off, "", "look again and again, until Ctrl-C"},
        {"interval", Kind::value, "SECONDS", "with --watch: so long between looks (default 2, at most 3600)"},
        {"count", Kind::value, "N", "with --watch: look N times"}},
       "Exit code: 0 nothing is wrong, or nothing that matters, 4 a warning is the gravest, 5 something is\n"
       "critical; 1, 2 and 3 as of every command. After --watch: of the last look. Example:\n"
       "  turnoutctl doctor --watch --interval 5\n",
       show_doctor},
      {"services",
       "",
       0,
       0,
       "each virtual service, with its counters",
       "service.list",
       {},
       "UP counts its real servers that can be reached. Example:\n  turnoutctl services\n",
       show_services},
      {"servers",
       "",
       0,
       0,
       "each real server, with its counters",
       "stats.get",
       {},
       "A server of weight 0 is draining. Example:\n  turnoutctl servers\n",
       show_servers},
      {"health",
       "",
       0,
       0,
       "what the health checks of each real server find",
       "health.list",
       {},
       "Checks go to the VIP by way of the real server, as clients' packets do. Example:\n  turnoutctl "
       "health\n",
       show_health},
      {"vips",
       "",
       0,
       0,
       "each VIP, with what is set for it",
       "vip.list",
       {},
       "ECHO: does it answer pings? UNMATCHED: packets that no service of it is for. To change them:\n"
       "turnoutctl help vip. Example:\n  turnoutctl vips\n",
       show_vips},
      {"connections",
       "",
       0,
       0,
       "the connections being forwarded",
       "connection.list",
       {{"service", Kind::value, "tcp/VIP:PORT", "of this service only"},
        {"server", Kind::value, "ADDR", "forwarded to this real server only"},
        {"client", Kind::value, "ADDR", "of this client only"},
        {"limit", Kind::value, "N", "show at most N (default 1000, at most 100000)"}},
       "Example:\n  turnoutctl connections --service tcp/192.0.2.100:80 --server 192.0.2.11 --limit 20\n",
       show_connections},
      {"trace",
       "tcp|udp CLIENT:PORT VIP:PORT",
       0,
       3,
       "what would become of a packet, and why",
       "trace",
       {{"flags", Kind::value, "FLAGS", "of TCP: syn (default), ack, fin or rst"},
        {"port", Kind::value, "NAME", "the port that it comes in by (default: the first)"},
        {"frame", Kind::value, "HEX", "instead: a whole Ethernet frame, as tcpdump -xx shows it"}},
       "Each decision in its order, the connection's entry before and after, and what the packet would\n"
       "count. The forwarder itself decides, over copies of what it would find: nothing is changed and\n"
       "nothing is sent. Example:\n"
       "  turnoutctl trace tcp 203.0.113.7:40000 192.0.2.100:80\n",
       show_trace},
      {"neighbors",
       "",
       0,
       0,
       "the MAC addresses of real servers and gateways",
       "neighbor.list",
       {},
       "An incomplete neighbor has never answered; a fixed one is in the configuration. RIVAL: another MAC\n"
       "address that claims to be it. Example:\n"
       "  turnoutctl neighbors\n",
       show_neighbors},
      {"ports",
       "",
       0,
       0,
       "the network ports and their links",
       "port.list",
       {},
       "VLAN 0: frames without a tag. KERNEL: the port's interface in the kernel. Example:\n  turnoutctl "
       "ports\n",
       show_ports},
      {"workers",
       "",
       0,
       0,
       "where each worker's time goes",
       "worker.list",
       {{"interval", Kind::value, "SECONDS", "watch so long (default 1, at most 3600); 0: since the start"}},
       "CYCLES/PACKET: busy cycles for each packet received. PACKETS/BURST: packets that a look into a "
       "queue\n"
       "found, if it found any; FULL: the share of those that found as many as it can take, so that more "
       "may\n"
       "have waited. BUSY: the share of time in passes over the queues that found packets. Example:\n"
       "  turnoutctl workers --interval 10\n",
       show_workers},
      {"stats",
       "",
       0,
       0,
       "every counter: packets, ports, workers, drops, punts, table",
       "stats.get",
       {},
       "Those of services and servers: turnoutctl services, turnoutctl servers. Example:\n"
       "  turnoutctl stats\n  turnoutctl --json stats | jq .drops\n",
       show_stats},
  };
  group.commands.push_back(top_command());
  group.commands.push_back(watch_events_command());
  return group;
}

}  // namespace turnout::cli
