// Two answers of stats.get, two seconds apart, for the tests of `turnoutctl top`.
#pragma once

#include "control/cli/json.h"

namespace turnout::cli::top {

inline Json stats_before() {
  return Json::parse(R"({
    "generation": 7, "uptime": 7382.5,
    "packets": {"received": 10000, "transmitted": 9000, "originated": 10, "punted": 500, "dropped": 500},
    "services": [
      {"vip": "192.0.2.100", "protocol": "tcp", "port": 80, "packets": 8000, "bytes": 1000000,
       "connections": 2000, "active_connections": 25, "inactive_connections": 10, "servers": [
        {"address": "192.0.2.11", "weight": 1, "up": true, "packets": 3000, "bytes": 400000,
         "connections": 980, "active_connections": 10, "inactive_connections": 5},
        {"address": "192.0.2.12", "weight": 2, "up": true, "packets": 5000, "bytes": 600000,
         "connections": 1020, "active_connections": 15, "inactive_connections": 5},
        {"address": "192.0.2.13", "weight": 0, "up": false, "packets": 0, "bytes": 0,
         "connections": 0, "active_connections": 0, "inactive_connections": 0}]},
      {"vip": "2001:db8::100", "protocol": "udp", "port": 53, "packets": 90, "bytes": 900,
       "connections": 9, "active_connections": 0, "inactive_connections": 9, "servers": [
        {"address": "2001:db8::11", "weight": 1, "up": true, "packets": 90, "bytes": 900,
         "connections": 9, "active_connections": 0, "inactive_connections": 9}]}],
    "workers": [{"lcore": 1, "packets": 8000, "busy_cycles": 1000, "idle_cycles": 9000},
                {"lcore": 2, "packets": 2000, "busy_cycles": 0, "idle_cycles": 9000}],
    "drops": {"no_service": 100, "not_ip": 40, "bad_ip_header": 0, "no_server_resolved": 0},
    "connection_table": {"inserted": 2009, "expired": 1900, "evicted": 0, "stateless": 0,
      "ipv4": {"capacity": 1048576, "entries": 100}, "ipv6": {"capacity": 1024, "entries": 9}}
  })");
}

inline Json stats_after() {
  return Json::parse(R"({
    "generation": 7, "uptime": 7384.5,
    "packets": {"received": 12000, "transmitted": 10980, "originated": 10, "punted": 510, "dropped": 510},
    "services": [
      {"vip": "192.0.2.100", "protocol": "tcp", "port": 80, "packets": 9970, "bytes": 1246912,
       "connections": 2100, "active_connections": 30, "inactive_connections": 12, "servers": [
        {"address": "192.0.2.11", "weight": 1, "up": true, "packets": 3700, "bytes": 480000,
         "connections": 1020, "active_connections": 10, "inactive_connections": 6},
        {"address": "192.0.2.12", "weight": 2, "up": true, "packets": 6270, "bytes": 766912,
         "connections": 1080, "active_connections": 20, "inactive_connections": 6},
        {"address": "192.0.2.13", "weight": 0, "up": false, "packets": 0, "bytes": 0,
         "connections": 0, "active_connections": 0, "inactive_connections": 0}]},
      {"vip": "2001:db8::100", "protocol": "udp", "port": 53, "packets": 100, "bytes": 1000,
       "connections": 9, "active_connections": 0, "inactive_connections": 9, "servers": [
        {"address": "2001:db8::11", "weight": 1, "up": true, "packets": 100, "bytes": 1000,
         "connections": 9, "active_connections": 0, "inactive_connections": 9}]}],
    "workers": [{"lcore": 1, "packets": 9800, "busy_cycles": 1500, "idle_cycles": 10500},
                {"lcore": 2, "packets": 2200, "busy_cycles": 0, "idle_cycles": 11000}],
    "drops": {"no_service": 109, "not_ip": 40, "bad_ip_header": 1, "no_server_resolved": 0},
    "connection_table": {"inserted": 2109, "expired": 1950, "evicted": 0, "stateless": 1,
      "ipv4": {"capacity": 1048576, "entries": 150}, "ipv6": {"capacity": 1024, "entries": 9}}
  })");
}

}  // namespace turnout::cli::top
