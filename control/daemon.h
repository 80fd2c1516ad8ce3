// turnoutd put together.
#pragma once

#include "control/config.h"
#include "control/options.h"

namespace turnout {

/// Runs until it is told to stop. Throws StartError or std::runtime_error, with a message for the operator,
/// if it can't start.
void run_daemon(const Options& options, Config config);

}  // namespace turnout
