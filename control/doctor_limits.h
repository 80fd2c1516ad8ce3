// The doctor's look at limits: whom they hold back, and whether the tables that they go by are large enough.
#pragma once

#include "control/doctor_trends.h"
#include "control/finding.h"

namespace turnout {

/// Pure.
Findings examine_limits(const LoadWindow& window);

}  // namespace turnout
