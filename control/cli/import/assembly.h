// Drafts → services that the daemon takes: what it would refuse becomes a leftover.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "control/cli/import/draft.h"
#include "control/cli/import/leftovers.h"

namespace turnout::cli {

struct Imported {
  std::vector<Json> services;

  /// Of real servers and VIPs: what the ports have to fit.
  std::set<Address> servers, vips;
};

/// `drafts` in the file's order.
Imported assemble(const std::vector<Draft>& drafts, Leftovers& leftovers);

}  // namespace turnout::cli
