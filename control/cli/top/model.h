// What `top` shows: two answers of stats.get, one after the other, as rates. Asks nobody and reads no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/cli/json.h"

namespace turnout::cli::top {

using Rate = std::optional<double>;  // per second; none as long as there is one answer only

struct Traffic {
  Rate connections;
  Rate packets;
  Rate bytes;
  uint64_t active = 0;  // connections, at this moment
  uint64_t inactive = 0;
};

struct ServerRow {
  std::string name;  // its address
  uint64_t weight = 0;
  bool up = false;
  bool maintenance = false;
  Traffic traffic;
};

struct ServiceRow {
  std::string name;  // "tcp 192.0.2.100:80"
  Traffic traffic;   // active and inactive: of its servers together
  std::vector<ServerRow> servers;
};

struct WorkerRow {
  std::string lcore;
  std::optional<double> busy;  // 0 to 1
  Rate packets;
};

struct DropRow {
  std::string reason;
  Rate packets;
  uint64_t total = 0;  // since the daemon's start, never 0
};

struct TableRow {
  std::string family;
  uint64_t entries = 0;
  uint64_t capacity = 0;
};

struct Model {
  uint64_t uptime = 0;  // seconds
  uint64_t generation = 0;
  Rate received, transmitted, punted, dropped;  // packets
  Rate inserted, expired, evicted, stateless;   // connections, of both tables
  std::vector<TableRow> tables;
  std::vector<ServiceRow> services;  // in the daemon's order
  std::vector<WorkerRow> workers;
  std::vector<DropRow> drops;  // those that there were, the most frequent first
};

/// `before`: null, or an earlier answer. Of another daemon (it was restarted between them) it counts as none.
Model compare(const Json& before, const Json& after);

}  // namespace turnout::cli::top
