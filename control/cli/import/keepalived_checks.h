// keepalived's checkers → `health` of turnout.json.
#pragma once

#include <optional>
#include <string>

#include "control/cli/import/keepalived_text.h"
#include "control/cli/json.h"

namespace turnout::cli {

/// What a virtual server sets for its real servers, and those for their checkers.
struct CheckSettings {
  std::optional<double> delay_loop, connect_timeout;  // seconds
  std::optional<uint64_t> retry;                      // checks more, after one that failed
  std::string virtual_host;
};

/// Takes a statement that is one of those settings. What Turnout doesn't have of them becomes a leftover.
bool read_check_setting(const KeepalivedStatement& statement, CheckSettings& settings, Leftovers& leftovers);

bool is_checker(const KeepalivedStatement& statement);

/// Null, with a leftover, if Turnout has no such check. `port`: of the service.
Json read_checker(const KeepalivedStatement& checker, CheckSettings settings, uint16_t port,
                  Leftovers& leftovers);

}  // namespace turnout::cli
