// JSON ↔ CheckTimings, which health checks and uplinks have in common.
#pragma once

#include "control/config_reader.h"

namespace turnout {

/// The members "interval", "timeout", "rise" and "fall" of an object; those that are absent stay as they are.
void read_timings(const ConfigReader& at, CheckTimings& timings);

/// Adds the four to an object.
void add_timings(const CheckTimings& timings, Json& json);

}  // namespace turnout
