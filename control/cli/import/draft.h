// A virtual service as a foreign file describes it, before it is known whether the daemon would take it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/cli/import/values.h"
#include "control/cli/json.h"

namespace turnout::cli {

struct DraftServer {
  size_t line = 0;
  Address address;
  uint64_t weight = 1;
  uint64_t upper_threshold = 0, lower_threshold = 0;  // connections; 0: none
};

struct Draft {
  size_t line = 0;
  std::string name;  // as the file has it: "virtual_server 192.0.2.100 80"

  std::optional<uint64_t> mark;  // a firewall mark; then the next three say nothing
  Address vip;
  std::string protocol = "tcp";
  uint16_t port = 0;  // 0: every port

  bool is_ipv6 = false;
  std::string scheduler = "wlc";  // LVS's default
  std::vector<std::string> flags;
  uint64_t persistence = 0;  // seconds
  std::optional<unsigned> persistence_prefix;
  bool one_packet = false;

  Json health;                 // as in turnout.json; null: Turnout's default
  bool keeps_on_down = false;  // connections of a server that went down stay with it
  std::vector<DraftServer> servers;
  std::optional<DraftServer> fallback;
};

}  // namespace turnout::cli
