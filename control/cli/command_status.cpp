// `status` and `stats`.
#include <ostream>

#include "control/cli/format.h"
#include "control/cli/status.h"

namespace turnout::cli {
namespace {

/// " (no_service 12, not_ipv4 3)"; nothing if all are zero.
std::string nonzero_drops(const Json& stats) {
  std::string result;
  for (const auto& [reason, count] : member(stats, "drops").items()) {
    if (count.is_number() && count != 0) {
      result += (result.empty() ? " (" : ", ") + printable(reason) + ' ' + text(count);
    }
  }
  return result.empty() ? result : result + ')';
}

std::string link_summary(const Json& port) {
  std::string result = text(port, "link");
  const std::string speed = link_speed(port);
  if (speed != "-") result += ", " + speed;
  return result;
}

std::string table_fill(const Json& table) {
  return text(table, "entries") + " of " + text(table, "capacity") + " slots (" +
         format_share(number(table, "entries"), number(table, "capacity")) + "), evicted " +
         text(table, "evicted") + ", forwarded statelessly " + text(table, "stateless");
}

Table status_table(const Json& info, const Json& stats, const Json& ports) {
  const Json& lcores = member(info, "lcores");
  const Json& packets = member(stats, "packets");
  Table table({{""}, {""}});
  table.add_row({"turnoutd", text(info, "version") + ", up " + format_duration(number(info, "uptime")) +
                                 ", generation " + text(info, "generation") + ", pid " + text(info, "pid")});
  table.add_row({"config", text(info, "config_file")});
  table.add_row(
      {"lcores", "control " + text(lcores, "control") + ", workers " + joined(member(lcores, "workers"))});
  for (const Json& port : ports) {
    table.add_row(
        {"port " + text(port, "name"), link_summary(port) + ", " + joined(member(port, "addresses"))});
  }
  table.add_row({"received", text(packets, "received")});
  table.add_row({"transmitted", text(packets, "transmitted")});
  table.add_row({"punted", text(packets, "punted")});
  table.add_row({"dropped", text(packets, "dropped") + nonzero_drops(stats)});
  const Json& connections = member(stats, "connection_table");
  table.add_row({"connections", table_fill(member(connections, "ipv4"))});
  if (number(member(connections, "ipv6"), "inserted") > 0)
    table.add_row({"over IPv6", table_fill(member(connections, "ipv6"))});
  return table;
}

/// A table of names and numbers, of an object whose members are numbers.
std::string counter_table(const Json& counters, const std::string& title) {
  Table table({{title}, {"COUNT", Align::right}});
  for (const auto& [name, count] : counters.items()) table.add_row({printable(name), text(count)});
  return table.to_string();
}

std::string port_counters(const Json& stats) {
  Table table({{"PORT"},
               {"RX PACKETS", Align::right},
               {"RX BYTES", Align::right},
               {"TX PACKETS", Align::right},
               {"TX BYTES", Align::right},
               {"RX MISSED", Align::right},
               {"RX ERRORS", Align::right},
               {"RX NO BUFFER", Align::right}});
  for (const Json& port : member(stats, "ports")) {
    table.add_row({text(port, "name"), text(port, "receive_packets"), text(port, "receive_bytes"),
                   text(port, "transmit_packets"), text(port, "transmit_bytes"), text(port, "receive_missed"),
                   text(port, "receive_errors"), text(port, "receive_no_buffer")});
  }
  return table.to_string();
}

std::string worker_counters(const Json& stats) {
  Table table(
      {{"LCORE", Align::right}, {"PACKETS", Align::right}, {"BURSTS", Align::right}, {"BUSY", Align::right}});
  for (const Json& worker : member(stats, "workers")) {
    const uint64_t busy = number(worker, "busy_cycles");
    table.add_row({text(worker, "lcore"), text(worker, "packets"), text(worker, "bursts"),
                   format_share(busy, busy + number(worker, "idle_cycles"))});
  }
  return table.to_string();
}

}  // namespace

std::string service_name(const Json& service) {
  if (const Json& group = member(service, "group"); !group.is_null()) {
    const std::string name = "group " + text(service, "group");
    return text(service, "family") == "ipv6" ? name + " (ipv6)" : name;
  }
  return text(service, "protocol") + ' ' + format_endpoint(text(service, "vip"), text(service, "port"));
}

std::string link_speed(const Json& port) {
  const uint64_t megabits = number(port, "speed");
  return megabits == 0 ? "-" : std::to_string(megabits) + " Mbit/s";
}

std::string duration(const Json& object, std::string_view key) {
  return member(object, key).is_number() ? format_duration(number(object, key)) : "-";
}

void print_table(const Request& request, const Table& table, const std::string& if_empty) {
  request.out << (table.empty() ? if_empty + '\n' : table.to_string());
}

std::string joined(const Json& values) {
  std::string result;
  for (const Json& value : values) result += (result.empty() ? "" : ", ") + text(value);
  return result.empty() ? "-" : result;
}

std::string connection_tables(const Json& tables) {
  Table table({{"CONNECTION TABLE"}, {"IPV4", Align::right}, {"IPV6", Align::right}});
  for (const char* name : {"capacity", "entries", "inserted", "expired", "evicted", "stateless"})
    table.add_row({name, text(member(tables, "ipv4"), name), text(member(tables, "ipv6"), name)});
  return table.to_string();
}

void show_status(const Request& request) {
  const Json info = request.call("daemon.info", Json::object());
  if (request.print_json(info)) return;
  const Json ports = request.call("port.list", Json::object());
  const Json services = request.call("service.list", Json::object());
  const Json stats = request.call("stats.get", Json::object());
  request.out << status_table(info, stats, ports).to_string();
  const Table table = services_table(services, stats, Figures::counters);
  request.out << '\n' << (table.empty() ? "No services.\n" : table.to_string());
}

void show_stats(const Request& request) {
  const Json stats = request.call("stats.get", Json::object());
  if (request.print_json(stats)) return;
  request.out << "Generation " << text(stats, "generation") << ", up "
              << format_duration(number(stats, "uptime")) << "\n\n"
              << counter_table(member(stats, "packets"), "PACKETS") << '\n'
              << port_counters(stats) << '\n'
              << worker_counters(stats) << '\n'
              << counter_table(member(stats, "drops"), "DROPS BY REASON") << '\n'
              << counter_table(member(stats, "punts"), "PUNTS BY KIND") << '\n'
              << "Fragments held: " << text(stats, "held_fragments") << "\n\n"
              << connection_tables(member(stats, "connection_table"));
}

}  // namespace turnout::cli
