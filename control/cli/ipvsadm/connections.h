// The table of -L -c, in ipvsadm 1.31's columns.
#pragma once

#include <string>

#include "control/cli/ipvsadm/command.h"
#include "control/cli/ipvsadm/names.h"
#include "control/cli/json.h"

namespace turnout::cli::ipvsadm {

std::string connections_title(bool persistence_engine);

/// One row of connection.list.
std::string connection_line(const Json& connection, const Names* names);

}  // namespace turnout::cli::ipvsadm
