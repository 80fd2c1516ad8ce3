// What can stand in place of ADDR, VIP:PORT and the like in a command's description.
#pragma once

#include <string>
#include <vector>

#include "control/cli/completion/candidates.h"
#include "control/cli/completion/names.h"

namespace turnout::cli {

struct Place {
  std::string placeholder;          // "ADDR", "yes|no", "tcp"
  std::string owner;                // the option or command that it belongs to
  std::vector<std::string> before;  // the command's arguments before it
};

Candidates candidates_at(const Place& place, const DaemonNames& names);

/// Does completion know what the placeholder stands for, be it text that can't be completed?
bool is_known_placeholder(const std::string& placeholder);

}  // namespace turnout::cli
