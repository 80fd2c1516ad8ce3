// `limits` of a service: JSON ↔ LimitsConfig.
#pragma once

#include <string>
#include <vector>

#include "control/config_json.h"
#include "control/config_limits.h"
#include "control/config_reader.h"

namespace turnout {

/// null: no limits.
LimitsConfig read_limits(const ConfigReader& at);

/// What is set. read_limits() gives the same again.
Json to_json(const LimitsConfig& limits);

/// `limits` as they stand, changed by what `wanted` has, member by member; null takes a limit away.
Json merged_limits(const Json& limits, const Json& wanted);

/// One sentence for each difference: "tcp 192.0.2.100:80: change limit client/connections from none to 10".
void compare_limits(const std::string& service, const LimitsConfig& from, const LimitsConfig& to,
                    std::vector<std::string>& sentences);

}  // namespace turnout
