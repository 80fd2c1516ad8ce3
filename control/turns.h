// The order in which rr and wrr give out connections, written down in full.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "control/maglev.h"

namespace turnout {

inline constexpr uint64_t kMaxTurns = 1u << 20;  // of one service's wrr: 4 MiB

/// One turn for each server.
std::vector<uint32_t> build_rr_turns(std::span<const ScheduledServer> servers);

/// weight ÷ (greatest common divisor of all) turns for each server, spread as evenly as they can be.
std::vector<uint32_t> build_wrr_turns(std::span<const ScheduledServer> servers);

}  // namespace turnout
