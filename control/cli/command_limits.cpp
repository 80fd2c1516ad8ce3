// `limits`.
#include <ostream>

#include "control/cli/arguments.h"
#include "control/cli/format.h"
#include "control/cli/status.h"

namespace turnout::cli {
namespace {

uint64_t seen_of(const Json& offenders) {
  uint64_t sum = 0;
  for (const Json& each : offenders) sum += number(each, "seen");
  return sum;
}

/// "198.51.100.7 (93.5 %)": of the offences that were looked at.
std::string worst_of(const Json& limit) {
  const Json& offenders = member(limit, "offenders");
  if (offenders.empty()) return "-";
  const Json& worst = offenders.front();
  return text(worst, "client") + " (" + format_share(number(worst, "seen"), seen_of(offenders)) + ")";
}

Table limits_table(const Json& services) {
  Table table({{"SERVICE"},
               {"LIMIT"},
               {"VALUE", Align::right},
               {"BURST", Align::right},
               {"MODE"},
               {"DROPPED", Align::right},
               {"OBSERVED", Align::right},
               {"WORST CLIENT"}});
  for (const Json& service : services) {
    for (const Json& limit : member(service, "limits"))
      table.add_row({service_name(service), text(limit, "limit"), text(limit, "value"), text(limit, "burst"),
                     is_true(service, "observe") ? "observe" : "enforce", text(limit, "dropped"),
                     text(limit, "observed"), worst_of(limit)});
  }
  return table;
}

void show_limits(const Request& request) {
  Json params = Json::object();
  if (const auto service = request.option("service")) params["service"] = parse_service_path(*service);
  const Json result = request.call("limit.list", params);
  if (request.print_json(result)) return;
  const Table table = limits_table(member(result, "services"));
  print_table(request, table, "No limits. To set one: turnoutctl service edit tcp VIP:PORT --client-rate N");
  if (table.empty()) return;
  const Json& cells = member(result, "table");
  request.out << "\nClients: " << text(cells, "taken") << " of " << text(cells, "cells") << " cells taken, "
              << text(cells, "lost") << " given to others too soon; " << text(cells, "connections")
              << " open connections counted\n";
}

}  // namespace

Command limits_command() {
  using Kind = CommandOption::Kind;
  return {
      "limits",
      "",
      0,
      0,
      "the limits of services, what they refused and to whom",
      "limit.list",
      {{"service", Kind::value, "tcp/VIP:PORT", "of this service only"}},
      "DROPPED counts packets since the service was added, OBSERVED those that would have been dropped if "
      "it\n"
      "enforced its limits. WORST CLIENT: who comes up most among the latest. To set limits: turnoutctl "
      "help\n"
      "service edit. Example:\n  turnoutctl limits --service tcp/192.0.2.100:80\n",
      show_limits};
}

}  // namespace turnout::cli
