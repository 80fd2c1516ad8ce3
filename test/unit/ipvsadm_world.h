// What a daemon answers that has a service of each sort, for tests of how it is listed.
#pragma once

#include "control/cli/json.h"

namespace turnout::cli::ipvsadm {

/// service.list, in the order in which the services were added.
inline Json world_services() {
  return Json::parse(R"([
    {"vip": "10.0.0.100", "protocol": "tcp", "port": 80, "scheduler": "wrr", "scheduler_flags": [],
     "persistence": 0, "persistence_prefix": 32, "one_packet": false, "real_servers": []},
    {"vip": "192.0.2.100", "protocol": "udp", "port": 53, "scheduler": "rr", "scheduler_flags": [],
     "persistence": 0, "persistence_prefix": 32, "one_packet": true,
     "real_servers": [{"address": "192.0.2.11", "weight": 1}]},
    {"vip": "192.0.2.100", "protocol": "tcp", "port": 80, "scheduler": "wlc", "scheduler_flags": [],
     "persistence": 360, "persistence_prefix": 32, "one_packet": false,
     "real_servers": [{"address": "192.0.2.12", "weight": 2, "upper_threshold": 100, "lower_threshold": 75},
                      {"address": "192.0.2.11", "weight": 65535, "upper_threshold": 0, "lower_threshold": 0}],
     "fallback": {"address": "192.0.2.99", "weight": 1}},
    {"vip": "192.0.2.100", "protocol": "tcp", "port": 443, "scheduler": "sh", "scheduler_flags": ["sh-port"],
     "persistence": 300, "persistence_prefix": 24, "one_packet": false, "real_servers": []},
    {"vip": "192.0.2.99", "protocol": "tcp", "port": 8080, "scheduler": "mh",
     "scheduler_flags": ["mh-port", "mh-fallback"], "persistence": 0, "persistence_prefix": 32,
     "one_packet": false, "real_servers": []},
    {"group": 7, "members": [], "scheduler": "rr", "scheduler_flags": [], "persistence": 300,
     "persistence_prefix": 32, "one_packet": false, "real_servers": [{"address": "192.0.2.11", "weight": 1}]}
  ])");
}

/// stats.get: without what was added a moment ago, and with the fallback server, which ipvsadm doesn't know.
inline Json world_stats() {
  return Json::parse(R"({
    "connection_table": {"capacity": 4096},
    "services": [
      {"vip": "192.0.2.100", "protocol": "udp", "port": 53,
       "servers": [{"address": "192.0.2.11", "active_connections": 1, "inactive_connections": 2, "persistent": 3}]},
      {"vip": "192.0.2.100", "protocol": "tcp", "port": 80,
       "connections": 12, "packets": 34, "bytes": 5678, "rates": {"connections": 1, "packets": 2.9, "bytes": 3},
       "servers": [
         {"address": "192.0.2.99", "active_connections": 9, "connections": 9},
         {"address": "192.0.2.12", "active_connections": 1, "inactive_connections": 2, "persistent": 4,
          "connections": 99999999, "packets": 100000000, "bytes": 123456789012345,
          "rates": {"connections": 123456789, "packets": 2000000000, "bytes": 3000000000}},
         {"address": "192.0.2.11", "active_connections": 1234567890, "inactive_connections": 2, "persistent": 3,
          "connections": 999999999, "packets": 1000000000, "bytes": 99999999999,
          "rates": {"connections": 1, "packets": 2, "bytes": 99999999}}]},
      {"group": 7, "servers": []}]
  })");
}

}  // namespace turnout::cli::ipvsadm
