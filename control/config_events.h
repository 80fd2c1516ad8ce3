// What a change of the configuration is as events. Control thread only.
#pragma once

#include <string>
#include <vector>

#include "control/config.h"
#include "control/event.h"
#include "control/origin.h"

namespace turnout {

/// Of each service and real server that is added, removed, begins to drain or is to get connections again,
/// and of maintenance that begins or ends. A service that is added or removed is one event, with its servers.
std::vector<Event> config_events(const Config& from, const Config& to);
std::vector<Event> config_events(const ServiceConfig& from, const ServiceConfig& to);

/// A change is in force: its sentences in the log, and as config_applied with the events of its parts.
void report_change(uint64_t generation, const std::vector<std::string>& changes, std::vector<Event> parts,
                   const Origin& by);

}  // namespace turnout
