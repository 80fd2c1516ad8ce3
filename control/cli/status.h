// The views that bring several answers together, and what they share with the plain tables.
#pragma once

#include <string>

#include "control/cli/commands.h"
#include "control/cli/table.h"

namespace turnout::cli {

void show_status(const Request& request);
void show_stats(const Request& request);
void show_workers(const Request& request);
void show_doctor(const Request& request);
void show_health(const Request& request);
void show_trace(const Request& request);

Command top_command();
Command watch_events_command();
Command capture_command();
Command limits_command();
void show_services(const Request& request);
void show_servers(const Request& request);
void show_vips(const Request& request);
void show_connections(const Request& request);
void show_neighbors(const Request& request);
void show_ports(const Request& request);
void zero_statistics(const Request& request);

/// Where the workers' time went between two answers of worker.list; since their start, if `before` is null.
Table workers_table(const Json& before, const Json& after);

/// "tcp 192.0.2.100:80", "group web", "group web (ipv6)", of anything that has vip, protocol and port, or
/// group.
std::string service_name(const Json& service);

/// Which figures a table of services or servers has.
enum class Figures { counters, rates, both };

/// One row per service of service.list, with the figures that stats.get has for it.
Table services_table(const Json& services, const Json& stats, Figures figures);

std::string link_speed(const Json& port);  ///< "10000 Mbit/s"; "-" if unknown
std::string joined(const Json& values);    ///< with ", " between; "-" if there is none
std::string duration(const Json& object,
                     std::string_view key);  ///< of a number of seconds; "-" if there is none

void print_table(const Request& request, const Table& table, const std::string& if_empty);

}  // namespace turnout::cli
