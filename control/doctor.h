// `doctor`: all that is wrong, or soon may be, gathered from those who know. Each room looks at one thing.
#pragma once

#include <span>
#include <string>

#include "control/daemon_view.h"
#include "control/finding.h"

namespace turnout {

struct DoctorRoom {
  const char* name;  // as operators read it: "configuration"
  Findings (*examine)(const DaemonView& daemon);
};

/// In the order in which they are asked.
std::span<const DoctorRoom> doctor_rooms();

/// What all rooms found, in_order(). Control thread only.
Findings diagnose(const DaemonView& daemon);

/// The gravest first, then by code and subject. Of one code and severity at most kMostOfCode: then one more
/// finding says how many others there are.
Findings in_order(Findings findings);
inline constexpr size_t kMostOfCode = 20;

/// Of the gravest; "ok" if there is none.
std::string gravest(const Findings& findings);

/// What the daemon counts, now.
LoadSample sample_load(const DaemonView& daemon);
LimitTableLoad limit_table_load(const Director& director);

}  // namespace turnout
