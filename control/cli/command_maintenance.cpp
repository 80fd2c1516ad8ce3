// `maintenance`: a real server taken out of all its services at once, and back in.
#include <ostream>

#include "control/cli/arguments.h"
#include "control/cli/operate.h"
#include "control/cli/real_server.h"
#include "control/cli/table.h"
#include "control/cli/waiting.h"

namespace turnout::cli {
namespace {

std::string address_of(const Request& request) {
  if (!request.has_switch("wait") && request.option("deadline"))
    throw UsageError("'maintenance': --deadline goes with --wait: add it");
  deadline_of(request, std::nullopt);  // a misspelt one is found before anything changes
  return parse_address("real server", request.arguments[0]);
}

Json edit(const Request& request, const std::string& address, bool on) {
  return request.call("maintenance.edit", {{"server", address}, {"on", on}});
}

void print_start(const Request& request, const std::string& address, const Json& config,
                 const std::vector<Membership>& services, const Json& result) {
  request.out << address << (is_true(result, "changed") ? " is" : " was already")
              << " under maintenance (generation " << text(result, "generation")
              << "): no new connections in " << names_of(services) << ".\n";
  const Json stats = request.call("stats.get", Json::object());
  warn_of_none_left(request, config, stats, address, services);
  request.out << "To end it: turnoutctl maintenance end " << address << '\n';
  if (request.has_switch("wait")) return;
  request.out << "It still has " << load_of(stats, address, services).to_string()
              << ". To watch them go:\n  turnoutctl maintenance start " << address << " --wait\n";
}

}  // namespace

void start_maintenance(const Request& request) {
  const std::string address = address_of(request);
  const Json result = edit(request, address, true);
  const Json config = request.call("config.get", Json::object());
  const std::vector<Membership> services = memberships_of(config, address);
  if (!request.print_json(result)) print_start(request, address, config, services, result);
  if (!request.has_switch("wait")) return;
  request.out.flush();
  wait_until_idle(request, address, services);
}

void end_maintenance(const Request& request) {
  const std::string address = address_of(request);
  const Json result = edit(request, address, false);
  const Json config = request.call("config.get", Json::object());
  const std::vector<Membership> services = memberships_of(config, address);
  if (!request.print_json(result)) {
    if (is_true(result, "changed")) {
      request.out << address << " is back (generation " << text(result, "generation") << ") in "
                  << names_of(services) << ".\n";
    } else {
      request.out << address << " was not under maintenance: nothing was changed.\n";
    }
  }
  if (!request.has_switch("wait")) return;
  request.out.flush();
  std::vector<Awaited> awaited;
  for (const Membership& service : services) {
    if (service.weight > 0) awaited.push_back({service.name, address});
  }
  wait_until_up(request, awaited);
}

void list_maintenance(const Request& request) {
  const Json config = request.call("config.get", Json::object());
  const Json& addresses = member(config, "maintenance");
  if (request.print_json(addresses.is_null() ? Json::array() : addresses)) return;
  const Json stats = request.call("stats.get", Json::object());
  Table table({{"SERVER"}, {"SERVICES"}, {"CONNECTIONS"}, {"SAFE"}});
  for (const Json& each : addresses) {
    const std::string address = text(each);
    const std::vector<Membership> services = memberships_of(config, address);
    const Load load = load_of(stats, address, services);
    table.add_row({address, services.empty() ? "-" : names_of(services), load.to_string(),
                   load.active == 0 ? "yes" : "not yet"});
  }
  request.out << (table.empty() ? "No real server is under maintenance.\n" : table.to_string());
}

}  // namespace turnout::cli
