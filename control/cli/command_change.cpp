// Changing services and real servers: each command is one request, taken whole or refused.
#include <limits>
#include <ostream>

#include "control/cli/arguments.h"
#include "control/cli/change.h"
#include "control/cli/commands.h"
#include "control/cli/errors.h"
#include "control/cli/format.h"
#include "control/cli/service_options.h"
#include "control/cli/status.h"

namespace turnout::cli {
namespace {

/// The words that name the service; `more` arguments follow them.
std::vector<std::string> words_of_service(const Request& request, size_t more) {
  const std::vector<std::string>& words = request.arguments;
  const size_t count = service_words(words);
  if (words.size() < count + more) throw UsageError("the real server's address is missing");
  if (words.size() > count + more) throw UsageError("unexpected argument " + in_quotes(words[count + more]));
  return {words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count)};
}

Json service_key(const Request& request, size_t more = 0) {
  return parse_service_words(words_of_service(request, more));
}

void add_service_options(const Request& request, Json& service) {
  read_scheduling_options(request, service);
  if (const auto scheduler = request.option("scheduler")) service["scheduler"] = *scheduler;
  if (const auto size = request.option("maglev-table-size")) {
    service["maglev_table_size"] =
        parse_number("--maglev-table-size", *size, 1, std::numeric_limits<uint32_t>::max());
  }
}

/// A type alone, or the object of the configuration file.
Json parse_health(const std::string& text) {
  if (text.empty() || text.front() != '{') return {{"type", text}};
  Json health = Json::parse(text, nullptr, false);
  if (health.is_discarded()) throw UsageError("--health " + in_quotes(text) + " is no JSON object");
  return health;
}

void add_health_options(const Request& request, Json& service) {
  if (const auto health = request.option("health")) service["health"] = parse_health(*health);
  if (const auto on_down = request.option("on-down")) service["on_down"] = *on_down;
  if (const auto seconds = request.option("slow-start"))
    service["slow_start"] = parse_number("--slow-start", *seconds, 0, std::numeric_limits<uint32_t>::max());
  if (const auto fallback = request.option("fallback"))
    service["fallback"] = *fallback == "none" ? Json(nullptr) : parse_server(*fallback);
}

/// Sends the change and says what was done: "added tcp 192.0.2.100:80 (generation 8)".
void change(const Request& request, const std::string& method, const Json& params, const std::string& done) {
  const Json result = request.call(method, conditional(request, params));
  if (request.print_json(result)) return;
  request.out << done << " (generation " << text(result, "generation") << ")\n";
}

void add_service(const Request& request) {
  Json service = service_key(request);
  add_service_options(request, service);
  add_health_options(request, service);
  Json servers = Json::array();
  for (const std::string& server : request.options_named("server")) servers.push_back(parse_server(server));
  if (!servers.empty()) service["real_servers"] = servers;
  change(request, "service.add", service, "added " + service_name(service));
}

void edit_service(const Request& request) {
  Json service = service_key(request);
  const size_t key_size = service.size();
  add_service_options(request, service);
  add_health_options(request, service);
  if (service.size() == key_size) {
    throw UsageError("nothing to change; give --scheduler, --health or another option");
  }
  change(request, "service.edit", service, "changed " + service_name(service));
}

void delete_service(const Request& request) {
  const Json key = service_key(request);
  change(request, "service.delete", key, "deleted " + service_name(key));
}

Json server_params(const Request& request) {
  return {{"service", service_key(request, 1)},
          {"server", {{"address", parse_address("real server", request.arguments.back())}}}};
}

/// "192.0.2.11 of tcp 192.0.2.100:80"
std::string server_name(const Json& params) {
  return text(params["server"], "address") + " of " + service_name(params["service"]);
}

void add_server(const Request& request) {
  Json params = server_params(request);
  if (const auto weight = request.option("weight")) params["server"]["weight"] = parse_weight(*weight);
  if (const auto mac = request.option("mac")) params["server"]["mac"] = *mac;
  read_threshold_options(request, params["server"]);
  change(request, "server.add", params, "added " + server_name(params));
}

void edit_server(const Request& request) {
  const auto weight = request.option("weight");
  const auto mac = request.option("mac");
  Json params = server_params(request);
  read_threshold_options(request, params["server"]);
  if (!weight && !mac && params["server"].size() == 1)
    throw UsageError("nothing to change; give --weight, --mac or a threshold");
  if (weight) params["server"]["weight"] = parse_weight(*weight);
  if (mac) params["server"]["mac"] = *mac == "none" ? Json(nullptr) : Json(*mac);
  change(request, "server.edit", params, "changed " + server_name(params));
}

void delete_server(const Request& request) {
  const Json params = server_params(request);
  change(request, "server.delete", params, "deleted " + server_name(params));
}

/// What isn't given stays.
void read_icmp_options(const Request& request, Json& params) {
  for (const char* what : {"forward", "drop"}) {
    const auto types = request.options_named(std::string("icmp-") + what);
    if (types.empty()) continue;
    Json& icmp = params["icmp"];
    icmp[what] = Json::array();
    for (const std::string& type : types) {
      if (type == "none") continue;
      const bool is_number = type.find_first_not_of("0123456789") == std::string::npos;
      icmp[what].push_back(is_number ? Json(parse_number(std::string("--icmp-") + what, type, 0, 255))
                                     : Json(type));
    }
  }
}

void edit_vip(const Request& request) {
  Json params = {{"vip", parse_address("VIP", request.arguments[0])}};
  for (const char* setting : {"echo", "unmatched"}) {
    if (const auto value = request.option(setting)) params[setting] = *value;
  }
  if (const auto filter = request.option("filter")) params["filter"] = *filter == "none" ? "" : *filter;
  read_icmp_options(request, params);
  if (params.size() == 1)
    throw UsageError("nothing to change; give --echo, --unmatched, --filter, --icmp-forward or --icmp-drop");
  change(request, "vip.edit", params, "changed vip " + text(params, "vip"));
}

const CommandOption kScheduler = {"scheduler", CommandOption::Kind::value, "NAME",
                                  "mh (Maglev, the default), rr, wrr, lc, wlc, sh, dh, sed, nq, fo or ovf"};
const CommandOption kMaglevTableSize = {"maglev-table-size", CommandOption::Kind::value, "N",
                                        "a prime, well above the sum of servers (default 4093)"};
const CommandOption kHealth = {"health", CommandOption::Kind::value, "TYPE|{…}",
                               "none, tcp, icmp, or an object as in the configuration file"};
const CommandOption kOnDown = {"on-down", CommandOption::Kind::value, "reassign|keep",
                               "connections of a server that went down"};
const CommandOption kSlowStart = {"slow-start", CommandOption::Kind::value, "SECONDS",
                                  "until a server that came up has its whole weight"};
const CommandOption kFallback = {"fallback", CommandOption::Kind::value, "ADDR[,weight=N][,mac=MAC]",
                                 "serves while no other server is up; 'none' takes it away"};
const CommandOption kWeight = {"weight", CommandOption::Kind::value, "N",
                               "share of new connections (default 1); 0: no new ones"};

}  // namespace

CommandGroup change_commands() {
  using Kind = CommandOption::Kind;
  CommandGroup group{
      "Change, at once and until restart (save keeps it)",
      "turnoutctl service add tcp 192.0.2.100:80 --server 192.0.2.11 --server 192.0.2.12,weight=2\n"
      "turnoutctl server edit tcp 192.0.2.100:80 192.0.2.11 --weight 2\n",
      {}};
  group.commands = {
      {"service add",
       "tcp VIP:PORT",
       2,
       2,
       "add a virtual service",
       "service.add",
       {kScheduler,
        kMaglevTableSize,
        kHealth,
        kOnDown,
        kSlowStart,
        kFallback,
        {"server", Kind::repeated, "ADDR[,weight=N][,mac=MAC]", "a real server; may be given several times"},
        kIfGeneration},
       "udp and sctp VIP:PORT work alike, and '[2001:db8::100]:80' for IPv6. Real servers are of the VIP's "
       "family.\n"
       "VIP:8000-8099 are all of these ports, VIP:0 is every port (with --persistence). 'group NAME' is a "
       "group\n"
       "of services that share servers and persistence, 'group NAME ipv6' one of IPv6.\n"
       "One with mac=MAC is not asked for by ARP or neighbor discovery. Example:\n"
       "  turnoutctl service add tcp 192.0.2.100:80 --scheduler wrr --server 192.0.2.11 "
       "--server 192.0.2.12,weight=2\n",
       add_service},
      {"service edit",
       "tcp VIP:PORT",
       2,
       2,
       "change a virtual service",
       "service.edit",
       {kScheduler, kMaglevTableSize, kHealth, kOnDown, kSlowStart, kFallback, kIfGeneration},
       "What isn't given stays, real servers and connections too. Example:\n"
       "  turnoutctl service edit tcp 192.0.2.100:80 --scheduler rr\n"
       "  turnoutctl service edit tcp 192.0.2.100:80 --health '{\"type\": \"http\", \"path\": \"/up\"}'\n",
       edit_service},
      {"service delete",
       "tcp VIP:PORT",
       2,
       2,
       "delete a virtual service and its servers",
       "service.delete",
       {kIfGeneration},
       "Example:\n  turnoutctl service delete tcp 192.0.2.100:80\n",
       delete_service},
      {"server add",
       "tcp VIP:PORT ADDR",
       3,
       3,
       "add a real server",
       "server.add",
       {kWeight, {"mac", Kind::value, "MAC", "its MAC address, fixed: it is not asked for"}, kIfGeneration},
       "The server needs the VIP on its loopback, and must not answer ARP for it. Example:\n"
       "  turnoutctl server add tcp 192.0.2.100:80 192.0.2.13 --weight 2\n",
       add_server},
      {"server edit",
       "tcp VIP:PORT ADDR",
       3,
       3,
       "change a real server",
       "server.edit",
       {kWeight,
        {"mac", Kind::value, "MAC", "its MAC address, fixed; 'none': it is asked for again"},
        kIfGeneration},
       "What isn't given stays. Example:\n"
       "  turnoutctl server edit tcp 192.0.2.100:80 192.0.2.13 --weight 5 --mac none\n",
       edit_server},
      {"server delete",
       "tcp VIP:PORT ADDR",
       3,
       3,
       "delete a real server",
       "server.delete",
       {kIfGeneration},
       "Its connections move or break at once; to let them end first, see: turnoutctl help drain. Example:\n"
       "  turnoutctl server delete tcp 192.0.2.100:80 192.0.2.13\n",
       delete_server},
      {"vip",
       "VIP",
       1,
       1,
       "change what is set for a VIP as a whole",
       "vip.edit",
       {{"echo", Kind::value, "yes|no|while_up",
         "does it answer pings? while_up: while a real server of it is up"},
        {"unmatched", Kind::value, "drop|reject", "packets that no service of it is for"},
        {"filter", Kind::value, "FILTER|none", "that its clients have to pass, whatever they send"},
        {"icmp-forward", Kind::repeated, "TYPE", "ICMP that goes to a real server; 'none': none does"},
        {"icmp-drop", Kind::repeated, "TYPE", "ICMP errors that don't; 'none': all do"},
        kIfGeneration},
       "reject answers with a TCP reset or with \"port unreachable\". What isn't given stays. Example:\n"
       "  turnoutctl vip 192.0.2.100 --echo while_up --unmatched reject\n"
       "  turnoutctl vip 192.0.2.100 --filter edge --icmp-forward echo-request\n",
       edit_vip},
  };
  add_lvs_options(group);
  return group;
}

}  // namespace turnout::cli
