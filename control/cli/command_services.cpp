// `services`, `servers`, `vips` and `zero`.
#include <ostream>

#include "control/cli/arguments.h"
#include "control/cli/format.h"
#include "control/cli/status.h"

namespace turnout::cli {
namespace {

/// The services of stats.get are few: a plain search does.
const Json& counters_of(const Json& stats, const Json& service) {
  static const Json kNone;
  for (const Json& candidate : member(stats, "services")) {
    if (service_name(candidate) == service_name(service)) return candidate;
  }
  return kNone;
}

struct ServerTotals {
  uint64_t servers = 0;
  uint64_t up = 0;
  uint64_t active = 0;
  uint64_t inactive = 0;
};

ServerTotals sum_servers(const Json& counters) {
  ServerTotals totals;
  for (const Json& server : member(counters, "servers")) {
    ++totals.servers;
    if (is_true(server, "up")) ++totals.up;
    totals.active += number(server, "active_connections");
    totals.inactive += number(server, "inactive_connections");
  }
  return totals;
}

bool has_counters(Figures figures) {
  return figures != Figures::rates;
}
bool has_rates(Figures figures) {
  return figures != Figures::counters;
}

/// The titles of a table whose first columns are `columns`.
Table table_of(std::vector<Column> columns, Figures figures) {
  using enum Align;
  if (has_counters(figures)) {
    columns.insert(columns.end(), {{"ACTIVE", right},
                                   {"INACTIVE", right},
                                   {"CONNECTIONS", right},
                                   {"PACKETS", right},
                                   {"BYTES", right}});
  }
  if (has_rates(figures))
    columns.insert(columns.end(), {{"CONN/S", right}, {"PACKETS/S", right}, {"BYTES/S", right}});
  return Table(std::move(columns));
}

/// A row of it. `of`: the service or server in stats.get.
void add_row(Table& table, std::vector<std::string> cells, Figures figures, const std::string& active,
             const std::string& inactive, const Json& of) {
  if (has_counters(figures)) {
    cells.insert(cells.end(),
                 {active, inactive, text(of, "connections"), text(of, "packets"), text(of, "bytes")});
  }
  if (has_rates(figures)) {
    const Json& rates = member(of, "rates");
    cells.insert(cells.end(), {text(rates, "connections"), text(rates, "packets"), text(rates, "bytes")});
  }
  table.add_row(std::move(cells));
}

const char* standing_of(const Json& server) {
  if (!is_true(server, "up")) return "down";
  return is_true(server, "maintenance") ? "maint" : "up";
}

Table servers_table(const Json& stats, Figures figures) {
  Table table = table_of({{"SERVICE"}, {"SERVER"}, {"WEIGHT", Align::right}, {"STATE"}}, figures);
  for (const Json& service : member(stats, "services")) {
    for (const Json& server : member(service, "servers")) {
      add_row(table,
              {service_name(service), text(server, "address"), text(server, "weight"), standing_of(server)},
              figures, text(server, "active_connections"), text(server, "inactive_connections"), server);
    }
  }
  return table;
}

/// Rates are shown if they are asked for, or if there is room for them beside the counters on a terminal.
/// Elsewhere the columns are always the same.
template <typename MakeTable>
Table fitting_table(const Request& request, MakeTable&& make) {
  if (request.has_switch("rates")) return make(Figures::rates);
  if (request.screen.is_terminal) {
    Table all = make(Figures::both);
    if (all.width() <= request.screen.table_columns) return all;
  }
  return make(Figures::counters);
}

}  // namespace

Table services_table(const Json& services, const Json& stats, Figures figures) {
  Table table = table_of({{"SERVICE"}, {"SCHEDULER"}, {"UP", Align::right}}, figures);
  for (const Json& service : services) {
    const Json& counters = counters_of(stats, service);
    const ServerTotals totals = sum_servers(counters);
    add_row(table,
            {service_name(service), text(service, "scheduler"),
             std::to_string(totals.up) + '/' + std::to_string(totals.servers)},
            figures, std::to_string(totals.active), std::to_string(totals.inactive), counters);
  }
  return table;
}

void show_services(const Request& request) {
  const Json services = request.call("service.list", Json::object());
  if (request.print_json(services)) return;
  const Json stats = request.call("stats.get", Json::object());
  const auto make = [&](Figures figures) { return services_table(services, stats, figures); };
  print_table(request, fitting_table(request, make),
              "No services. To add one: turnoutctl service add tcp VIP:PORT --server ADDR");
}

void show_servers(const Request& request) {
  const Json stats = request.call("stats.get", Json::object());
  if (request.print_json(stats)) return;
  const auto make = [&](Figures figures) { return servers_table(stats, figures); };
  print_table(request, fitting_table(request, make),
              "No real servers. To add one: turnoutctl server add tcp VIP:PORT ADDR");
}

void show_vips(const Request& request) {
  const Json vips = request.call("vip.list", Json::object());
  if (request.print_json(vips)) return;
  Table table({{"VIP"},
               {"ECHO"},
               {"UNMATCHED"},
               {"FILTER"},
               {"SERVICES", Align::right},
               {"DEPENDS ON"},
               {"WITHDRAWN"}});
  for (const Json& vip : vips) {
    table.add_row({text(vip, "address"), text(vip, "echo"), text(vip, "unmatched"), text(vip, "filter"),
                   text(vip, "services"), text(vip, "depends_on_uplink"), text(vip, "withdrawn")});
  }
  print_table(request, table, "No VIPs. To add one: turnoutctl service add tcp VIP:PORT --server ADDR");
}

void zero_statistics(const Request& request) {
  Json params = Json::object();
  if (!request.arguments.empty()) params["service"] = parse_service_words(request.arguments);
  const Json result = request.call("stats.zero", params);
  if (request.print_json(result)) return;
  request.out << "Zeroed: the counters and rates of "
              << (params.empty() ? "all services" : service_name(params["service"]))
              << " are shown from here on; /metrics goes on.\n";
}

}  // namespace turnout::cli
