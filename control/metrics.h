// Prometheus metrics of the running daemon, by the names of the operator's guide.
#pragma once

#include <string>

#include "control/daemon_view.h"

namespace turnout {

/// The text exposition format, version 0.0.4.
std::string metrics_text(const DaemonView& daemon);
inline constexpr const char* kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace turnout
