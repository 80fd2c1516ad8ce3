// A real server in all the services that have it.
#pragma once

#include <string>
#include <vector>

#include "control/cli/commands.h"

namespace turnout::cli {

/// A service that has the server.
struct Membership {
  Json key;             // as requests name the service
  std::string name;     // "tcp 192.0.2.100:80", "group web (ipv6)"
  uint64_t weight = 0;  // of the server there
};

/// In the order of `config`, a result of config.get.
std::vector<Membership> memberships_of(const Json& config, const std::string& address);
std::string names_of(const std::vector<Membership>& services);  ///< with ", " between
std::string as_typed(const std::string& name);                  ///< "group web ipv6", as commands take it

/// "tcp 192.0.2.100:80", "tcp/192.0.2.100:80", "group web" or "group web ipv6", as its name is shown. Throws
/// UsageError.
std::string parse_service_name(const std::string& words);

/// What names a service in a request.
Json key_of(const Json& service);

/// What it still carries in these services, by stats.get.
struct Load {
  uint64_t active = 0, inactive = 0;
  uint64_t persistent = 0;        // templates
  std::string to_string() const;  ///< "12 active, 3 inactive connections"
};
Load load_of(const Json& stats, const std::string& address, const std::vector<Membership>& services);

/// Is it under maintenance, by a result of config.get?
bool in_maintenance(const Json& config, const std::string& address);

/// A warning for each of the services in which no other server is up and takes new connections.
void warn_of_none_left(const Request& request, const Json& config, const Json& stats,
                       const std::string& address, const std::vector<Membership>& services);

/// Shows its connections going until none is active; says whether it is safe, and sets the exit code.
void wait_until_idle(const Request& request, const std::string& address,
                     const std::vector<Membership>& services);

/// A server of a service that is to come up.
struct Awaited {
  std::string service;
  std::string server;
};
/// Shows servers coming up until all are, by stats.get and health.list; sets the exit code.
void wait_until_up(const Request& request, const std::vector<Awaited>& awaited);

}  // namespace turnout::cli
