// `health`.
#include <ostream>

#include "control/cli/format.h"
#include "control/cli/status.h"

namespace turnout::cli {
namespace {

std::string state_of(const Json& row) {
  std::string state = text(row, "state");
  if (state == "unknown") state += is_true(row, "used") ? " (used)" : " (not used)";
  if (is_true(row, "damped")) state += ", flapping";
  const Json& share = member(row, "share");
  if (state == "up" && share.is_number() && share.get<double>() < 1)
    state += ", " + format_share(static_cast<uint64_t>(share.get<double>() * 16), 16);
  return state;
}

std::string since(const Json& row) {
  return member(row, "since").is_number() ? format_duration(number(row, "since")) : "-";
}

}  // namespace

void show_health(const Request& request) {
  const Json rows = request.call("health.list", Json::object());
  if (request.print_json(rows)) return;
  Table table({{"SERVICE"},
               {"SERVER"},
               {"CHECK"},
               {"STATE"},
               {"FOR", Align::right},
               {"CHECKS", Align::right},
               {"FAILURES", Align::right},
               {"FALLS", Align::right},
               {"WHY"}});
  for (const Json& row : rows) {
    const std::string server = text(row, "server") + (is_true(row, "fallback") ? " (fallback)" : "");
    table.add_row({service_name(row), server, text(row, "type"), state_of(row), since(row),
                   text(row, "checks"), text(row, "failures"), text(row, "falls"), text(row, "reason")});
  }
  if (table.empty()) {
    request.out << "No real servers. To add one: turnoutctl server add tcp VIP:PORT ADDR\n";
    return;
  }
  request.out << table.to_string();
  for (const Json& row : rows) {
    if (!member(row, "hint").is_string() || text(row, "state") != "down") continue;
    request.out << '\n'
                << service_name(row) << " on " << text(row, "server") << ": " << text(row, "hint") << '\n';
  }
}

}  // namespace turnout::cli
