#include "control/cli/real_server.h"

#include <algorithm>
#include <ostream>

#include "control/cli/arguments.h"
#include "control/cli/format.h"
#include "control/cli/status.h"
#include "control/cli/waiting.h"

namespace turnout::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kUpDeadline{60};
constexpr std::string_view kIpv6Typed = " ipv6", kIpv6Shown = " (ipv6)";  // of a group

/// Its rows in stats.get, or none.
const Json& servers_of(const Json& stats, const std::string& service) {
  for (const Json& each : member(stats, "services")) {
    if (service_name(each) == service) return member(each, "servers");
  }
  return member(Json(), "");
}

const Json* find_server(const Json& servers, const std::string& address) {
  const auto found =
      std::ranges::find_if(servers, [&](const Json& server) { return text(server, "address") == address; });
  return found == servers.end() ? nullptr : &*found;
}

Json to_json(const Load& load) {
  return {{"active", load.active}, {"inactive", load.inactive}, {"persistent", load.persistent}};
}

/// Why a server doesn't count as up yet; "" if it does.
std::string why_not_up(const Json& stats, const Json& health, const Awaited& awaited) {
  const Json* counters = find_server(servers_of(stats, awaited.service), awaited.server);
  if (counters == nullptr) return "no longer in the service";
  for (const Json& row : health) {
    if (service_name(row) != awaited.service || text(row, "server") != awaited.server) continue;
    const std::string state = text(row, "state"), reason = text(row, "reason");
    if (state == "up" || state == "unchecked") break;
    return (state == "unknown" ? "not checked often enough yet" : state) +
           (reason == "-" ? "" : ": " + reason);
  }
  return is_true(*counters, "up") ? "" : "its MAC address is not known yet";
}

Look look_for_up(const Request& request, const std::vector<Awaited>& awaited) {
  const Json stats = request.call("stats.get", Json::object());
  const Json health = request.call("health.list", Json::object());
  Json waiting = Json::array();
  std::string first;
  for (const Awaited& each : awaited) {
    const std::string why = why_not_up(stats, health, each);
    if (why.empty()) continue;
    if (waiting.empty()) first = each.server + " of " + each.service + ": " + why;
    waiting.push_back({{"service", each.service}, {"server", each.server}, {"why", why}});
  }
  const size_t up = awaited.size() - waiting.size();
  std::string line = std::to_string(up) + " of " + std::to_string(awaited.size()) + " up";
  if (!waiting.empty()) line += "; " + first;
  return {waiting.empty(), line, {{"up", up}, {"of", awaited.size()}, {"waiting", waiting}}};
}

}  // namespace

std::string parse_service_name(const std::string& words) {
  std::string name = words;
  const size_t slash = name.find('/');
  if (slash != std::string::npos && name.find(' ') == std::string::npos) name[slash] = ' ';
  if (!name.starts_with("group ")) {
    const size_t blank = name.find(' ');
    if (blank == std::string::npos)
      throw UsageError(
          in_quotes(words) +
          " is no service; one is 'tcp VIP:PORT', 'udp VIP:PORT', 'sctp VIP:PORT' or 'group NAME'");
    return service_name(parse_service_key(name.substr(0, blank), name.substr(blank + 1)));
  }
  if (!name.ends_with(kIpv6Typed)) return name;
  return name.replace(name.size() - kIpv6Typed.size(), kIpv6Typed.size(), kIpv6Shown);
}

std::string as_typed(const std::string& name) {
  if (!name.ends_with(kIpv6Shown)) return name;
  return name.substr(0, name.size() - kIpv6Shown.size()) + std::string(kIpv6Typed);
}

Json key_of(const Json& service) {
  Json key = Json::object();
  for (const char* name : {"vip", "protocol", "port", "group", "family"}) {
    if (service.is_object() && service.contains(name)) key[name] = service[name];
  }
  return key;
}

std::vector<Membership> memberships_of(const Json& config, const std::string& address) {
  std::vector<Membership> services;
  for (const Json& service : member(config, "services")) {
    const Json* server = find_server(member(service, "real_servers"), address);
    const Json& fallback = member(service, "fallback");
    if (server == nullptr && text(fallback, "address") == address) server = &fallback;
    if (server != nullptr)
      services.push_back({key_of(service), service_name(service), number(*server, "weight")});
  }
  return services;
}

std::string names_of(const std::vector<Membership>& services) {
  std::string names;
  for (const Membership& each : services) names += (names.empty() ? "" : ", ") + each.name;
  return names;
}

std::string Load::to_string() const {
  std::string words =
      std::to_string(active) + " active, " + std::to_string(inactive) + " inactive connections";
  if (persistent > 0) words += ", " + std::to_string(persistent) + " clients remembered (persistence)";
  return words;
}

Load load_of(const Json& stats, const std::string& address, const std::vector<Membership>& services) {
  Load load;
  for (const Membership& service : services) {
    const Json* server = find_server(servers_of(stats, service.name), address);
    if (server == nullptr) continue;
    load.active += number(*server, "active_connections");
    load.inactive += number(*server, "inactive_connections");
    load.persistent += number(*server, "persistent");
  }
  return load;
}

bool in_maintenance(const Json& config, const std::string& address) {
  return std::ranges::any_of(member(config, "maintenance"),
                             [&](const Json& each) { return text(each) == address; });
}

void warn_of_none_left(const Request& request, const Json& config, const Json& stats,
                       const std::string& address, const std::vector<Membership>& services) {
  const auto takes_connections = [&](const Json& server) {
    const std::string other = text(server, "address");
    return other != address && number(server, "weight") > 0 && is_true(server, "up") &&
           !in_maintenance(config, other);
  };
  for (const Membership& service : services) {
    if (std::ranges::any_of(servers_of(stats, service.name), takes_connections)) continue;
    request.out << "Warning: no other real server of " << service.name
                << " is up and takes connections: new ones are dropped.\n";
  }
}

void wait_until_idle(const Request& request, const std::string& address,
                     const std::vector<Membership>& services) {
  const auto deadline = deadline_of(request, std::nullopt);
  Load load;
  const Waited waited = wait_until(request, deadline, [&] {
    load = load_of(request.call("stats.get", Json::object()), address, services);
    return Look{load.active == 0, address + ": " + load.to_string(), to_json(load)};
  });
  if (waited != Waited::done) request.exit_code = kUnfinished;
  if (request.json) return;
  if (waited == Waited::done) {
    request.out << "Safe: " << address << " has no active connections left.\n";
  } else {
    request.out << "Not safe yet: " << address << " still has " << load.to_string() << ".\n";
  }
}

void wait_until_up(const Request& request, const std::vector<Awaited>& awaited) {
  if (awaited.empty()) return;
  const Waited waited =
      wait_until(request, deadline_of(request, kUpDeadline), [&] { return look_for_up(request, awaited); });
  if (waited != Waited::done) request.exit_code = kUnfinished;
  if (request.json) return;
  if (waited == Waited::done) {
    request.out << "All up.\n";
  } else {
    request.out << "Not all are up. The change is in force; see: turnoutctl health\n";
  }
}

}  // namespace turnout::cli
