// A service's limits, one by one, with what became of them: for methods, metrics and the doctor.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "control/config.h"
#include "dataplane/limits.h"

namespace turnout {

/// One that is set.
struct LimitRow {
  Limit limit;
  uint64_t value;  // connections or packets a second, or connections
  uint64_t burst;  // 0: of no rate
};
std::vector<LimitRow> limits_of(const LimitsConfig& limits);

/// The option of `turnoutctl service edit` that sets it: "--client-rate".
std::string option_of(Limit limit);
/// "new connections a second of one client".
std::string describe(Limit limit);

/// What the doctor is told of one limit of a service.
struct LimitLoad {
  std::string service;  // "tcp 192.0.2.100:80"
  Limit limit = Limit::count;
  uint64_t value = 0;
  bool observe = false;
  uint64_t dropped = 0;    // packets, since the service was entered
  uint64_t observed = 0;   // likewise
  std::string offender;    // the client that comes up most; "": nobody does
  uint64_t offences = 0;   // of it, of those that were looked at …
  uint64_t looked_at = 0;  // … which are so many
};

/// How much the tables of clients hold.
struct LimitTableLoad {
  uint64_t cells = 0;
  uint64_t taken = 0;
  uint64_t lost = 0;  // cells that gave way too soon, since the start
  uint64_t connections = 0;
};

/// With which probability at most a client that has no connection is refused one for those of others, at a
/// limit of `limit`, when `connections` are counted in rows of `cells` (dataplane/client_counts.h).
double false_refusals(uint64_t connections, uint64_t cells, uint64_t limit);

}  // namespace turnout
