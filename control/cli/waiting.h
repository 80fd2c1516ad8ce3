// Waiting for something that the daemon is to come to, with progress, an end, and Ctrl-C.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "control/cli/commands.h"

namespace turnout::cli {

/// What one look at the daemon shows.
struct Look {
  bool done = false;
  std::string line;  // for a reader
  Json json;         // the same for a program
};

enum class Waited { done, too_long, interrupted };

/// Looks about once a second until it is done, `deadline` is over (none: no end) or the user has enough. On a
/// terminal the line is written over; elsewhere, and with --json, one is printed when it has changed.
Waited wait_until(const Request& request, std::optional<std::chrono::seconds> deadline,
                  const std::function<Look()>& look);

/// The option --deadline; `otherwise` if it isn't given. Throws UsageError.
std::optional<std::chrono::seconds> deadline_of(const Request& request,
                                                std::optional<std::chrono::seconds> otherwise);

extern const CommandOption kDeadline;

}  // namespace turnout::cli
