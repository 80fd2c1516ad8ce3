// JSON → connections.timeouts, for the configuration's reader and for timeouts.edit.
#pragma once

#include "control/config_reader.h"

namespace turnout {

/// Those that are given, in seconds; the others stay as they are.
void read_timeouts(const ConfigReader& at, TimeoutConfig& timeouts);

/// `timeouts`, with those that `value` gives in place of what they are.
Parsed<TimeoutConfig> parse_timeouts(const Json& value, const TimeoutConfig& timeouts);

}  // namespace turnout
