// The tables of -L, in ipvsadm 1.31's columns, to the space.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/cli/ipvsadm/command.h"
#include "control/cli/ipvsadm/names.h"
#include "control/cli/ipvsadm/virtual_server.h"

namespace turnout::cli::ipvsadm {

/// The first line of a list of all: `size` is the number of slots of the connection table.
std::string version_line(uint64_t size);

/// Title and rows. `names` is asked unless the format is numeric.
std::string list_services(const std::vector<VirtualServer>& services, const Format& format,
                          const Names& names);

/// Nine characters, or more if it must: a space, and the number exact or with K, M, G or T.
std::string large_number(uint64_t number, bool exact);

/// " (mh-fallback,mh-port) persistent 360 mask 255.255.255.0 ops"; with `rule` as options: " -p 360 …".
std::string describe_scheduling(const VirtualServer& service, bool rule);

}  // namespace turnout::cli::ipvsadm
