// DPDK's messages, taken in line by line.
#pragma once

#include <string>

namespace turnout {

/// From now on DPDK's errors and warnings are logged by log(), its other lines at debug.
void capture_dpdk_log();

/// The last errors and warnings that DPDK logged, joined: why what just failed did.
std::string recent_dpdk_errors();
void forget_dpdk_errors();

}  // namespace turnout
