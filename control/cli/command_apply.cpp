// `apply`.
#include <cstdlib>
#include <map>
#include <ostream>

#include "control/cli/change.h"
#include "control/cli/config_file.h"
#include "control/cli/operate.h"
#include "control/cli/plan.h"
#include "control/cli/real_server.h"
#include "control/cli/status.h"
#include "control/cli/waiting.h"

namespace turnout::cli {
namespace {

/// All that is set for a service but its servers.
Json without_servers(Json service) {
  if (!service.is_object()) return service;
  service.erase("real_servers");
  service.erase("fallback");
  return service;
}

std::map<std::string, Json> servers_by_address(const Json& service) {
  std::map<std::string, Json> servers;
  for (const Json& server : member(service, "real_servers")) servers[text(server, "address")] = server;
  if (const Json& fallback = member(service, "fallback"); fallback.is_object())
    servers[text(fallback, "address")] = fallback;
  return servers;
}

/// Of a service that was added or set otherwise: all servers; else those that were added or changed. Not
/// those that are to get no connections.
std::vector<Awaited> awaited_after(const Json& before, const Json& after) {
  std::map<std::string, Json> known;
  for (const Json& service : member(before, "services")) known[key_of(service).dump()] = service;
  std::vector<Awaited> awaited;
  for (const Json& service : member(after, "services")) {
    const Json& was = known[key_of(service).dump()];
    const bool all = without_servers(was) != without_servers(service);
    const auto old_servers = servers_by_address(was);
    for (const auto& [address, server] : servers_by_address(service)) {
      const auto old = old_servers.find(address);
      const bool same = !all && old != old_servers.end() && old->second == server;
      const bool rests = number(server, "weight") == 0 || in_maintenance(after, address);
      if (!same && !rests) awaited.push_back({service_name(service), address});
    }
  }
  return awaited;
}

void print_plan(const Request& request, const Json& result, bool is_dry_run) {
  const Json& changes = member(result, "changes");
  const bool colour = request.screen.is_terminal && std::getenv("NO_COLOR") == nullptr;
  request.out << plan_page(changes, colour);
  if (changes.empty()) request.out << "No changes.\n";
  request.out << (is_dry_run ? "Dry run: nothing was applied; still at generation " : "Now at generation ")
              << text(result, "generation") << ".\n";
}

}  // namespace

void apply_config(const Request& request) {
  const bool is_dry_run = request.has_switch("dry-run"), watches = request.has_switch("watch");
  if (is_dry_run && watches)
    throw UsageError("'apply': --dry-run changes nothing to be watched: leave one of the two out");
  if (!watches && request.option("deadline"))
    throw UsageError("'apply': --deadline goes with --watch: add it");
  deadline_of(request, std::nullopt);  // a misspelt one is found before anything changes
  const Json config = read_config_file(request.arguments[0], request.in);
  const Json before = watches ? request.call("config.get", Json::object()) : Json();
  const Json result =
      request.call("config.apply", conditional(request, {{"config", config}, {"dry_run", is_dry_run}}));
  if (!request.print_json(result)) print_plan(request, result, is_dry_run);
  if (!watches) return;
  request.out.flush();
  wait_until_up(request, awaited_after(before, request.call("config.get", Json::object())));
}

}  // namespace turnout::cli
