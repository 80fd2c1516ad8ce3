// Rules as -S writes them and -R reads them.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "control/cli/ipvsadm/command.h"
#include "control/cli/ipvsadm/names.h"
#include "control/cli/ipvsadm/virtual_server.h"

namespace turnout::cli::ipvsadm {

/// What -S prints. ipvsadm's rules, and what it loses besides: -x and -y of a server, --member of a group.
/// Groups that have a name and no number can't be written so and are left out: see named_groups().
std::string write_rules(const std::vector<VirtualServer>& services, bool numeric, const Names& names);

std::vector<std::string> named_groups(const std::vector<VirtualServer>& services);

/// A line of -R, as the words of a command line.
struct RuleLine {
  size_t number;  // counted from 1
  std::vector<std::string> words;
};

/// All lines but those that are empty or a comment. From a word that begins with # on, a line is a comment; a
/// word "ipvsadm" is passed over, as ipvsadm does.
std::vector<RuleLine> read_rules(std::istream& in);

}  // namespace turnout::cli::ipvsadm
