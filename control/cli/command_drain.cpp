// `drain`: a real server gets no new connections, in all its services or in one.
#include <ostream>

#include "control/cli/arguments.h"
#include "control/cli/operate.h"
#include "control/cli/real_server.h"
#include "control/cli/waiting.h"

namespace turnout::cli {
namespace {

struct Drain {
  std::string address;
  std::string service;  // "": all
};

/// "192.0.2.11 --service 'tcp 192.0.2.100:80'", or "tcp 192.0.2.100:80 192.0.2.11".
Drain drain_of(const Request& request) {
  const std::vector<std::string>& words = request.arguments;
  const auto named = request.option("service");
  if (words.size() == 2 || (words.size() == 3 && named)) {
    throw UsageError("'drain' needs: SERVER [--service KEY]");
  }
  Drain drain{parse_address("real server", words.back()), ""};
  if (named) drain.service = parse_service_name(*named);
  if (words.size() == 3) drain.service = parse_service_name(words[0] + ' ' + words[1]);
  return drain;
}

std::vector<Membership> services_of(const Json& config, const Drain& drain) {
  std::vector<Membership> services = memberships_of(config, drain.address);
  if (!drain.service.empty())
    std::erase_if(services, [&](const Membership& each) { return each.name != drain.service; });
  if (!services.empty()) return services;
  const std::string where = drain.service.empty() ? "any service" : drain.service;
  throw Refused(
      {{"code", kNoSuch},
       {"message", "no such real server: " + drain.address + " in " + where + "; see: turnoutctl servers"}});
}

/// Weight 0 in all of them, as one change; null if there is nothing to change.
Json set_weights_to_zero(const Request& request, const std::string& address,
                         const std::vector<Membership>& services) {
  Json operations = Json::array();
  for (const Membership& service : services) {
    if (service.weight == 0) continue;
    const Json params = {{"service", service.key}, {"server", {{"address", address}, {"weight", 0}}}};
    operations.push_back({{"method", "server.edit"}, {"params", params}});
  }
  if (operations.empty()) return nullptr;
  if (operations.size() == 1) return request.call("server.edit", operations[0]["params"]);
  return request.call("config.batch", {{"operations", operations}});
}

void print_way_back(const Request& request, const std::string& address,
                    const std::vector<Membership>& services) {
  request.out << "To undo:\n";
  for (const Membership& service : services) {
    if (service.weight == 0) continue;
    request.out << "  turnoutctl server edit " << as_typed(service.name) << ' ' << address << " --weight "
                << service.weight << '\n';
  }
}

void print_start(const Request& request, const Drain& drain, const Json& config,
                 const std::vector<Membership>& services, const Json& result) {
  if (result.is_null()) {
    request.out << drain.address << " was draining already in " << names_of(services)
                << ": nothing was changed.\n";
  } else {
    request.out << drain.address << " is draining in " << names_of(services) << " (generation "
                << text(result, "generation") << "): it gets no new connections.\n";
  }
  const Json stats = request.call("stats.get", Json::object());
  warn_of_none_left(request, config, stats, drain.address, services);
  if (!result.is_null()) print_way_back(request, drain.address, services);
  if (request.has_switch("wait")) return;
  const Load load = load_of(stats, drain.address, services);
  request.out << "It still has " << load.to_string() << ". To watch them go:\n"
              << "  turnoutctl drain " << drain.address
              << (drain.service.empty() ? "" : " --service '" + as_typed(drain.service) + "'") << " --wait\n";
}

}  // namespace

void drain_server(const Request& request) {
  const Drain drain = drain_of(request);
  if (!request.has_switch("wait") && request.option("deadline"))
    throw UsageError("'drain': --deadline goes with --wait: add it");
  deadline_of(request, std::nullopt);  // a misspelt one is found before anything changes
  const Json config = request.call("config.get", Json::object());
  const std::vector<Membership> services = services_of(config, drain);
  const Json result = set_weights_to_zero(request, drain.address, services);
  if (!request.print_json(result)) print_start(request, drain, config, services, result);
  if (!request.has_switch("wait")) return;
  request.out.flush();
  wait_until_idle(request, drain.address, services);
}

}  // namespace turnout::cli
