// What can end a command early; each has its exit code.
#pragma once

#include <stdexcept>
#include <string>

#include "control/cli/json.h"

namespace turnout::cli {

/// 4 and 5: of doctor, what is the gravest that it found; 4 also of import, if it left something out. The
/// last: what was waited for has not come.
enum ExitCode : int {
  kDone = 0,
  kRefused = 1,
  kUsage = 2,
  kNoDaemon = 3,
  kWarning = 4,
  kCritical = 5,
  kUnfinished = 6
};

inline constexpr int kNoSuch = -32000;  // the daemon's code for what isn't there

/// The command line is wrong; the reader is sent to the help.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The command line is right, but what it names (a file) can't be used. Also exit code 2.
struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// No daemon answers on the socket.
struct NoDaemon : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Ctrl-C or SIGTERM during a call, where they don't end the process: the user has seen enough.
struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

/// The daemon answered with an error object.
struct Refused : std::runtime_error {
  explicit Refused(Json error_object)
      : std::runtime_error(text(error_object, "message")), error(std::move(error_object)) {}
  Json error;
};

}  // namespace turnout::cli
