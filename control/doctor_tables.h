// The doctor's look at the connection tables and at the fragments that wait.
#pragma once

#include "control/doctor_trends.h"
#include "control/finding.h"

namespace turnout {

/// At most one finding for each table, the gravest. Pure.
Findings examine_tables(const LoadWindow& window);

}  // namespace turnout
