// One run of turnoutctl, from the words of the command line to the exit code.
#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "control/cli/commands.h"

namespace turnout::cli {

struct Environment {
  std::string program = "turnoutctl";  // as it was called, without the folder
  std::string version;
  std::optional<std::string> socket;  // TURNOUT_SOCKET
  std::function<Call(const std::string& socket)>
      connect;  // throws NoDaemon; called when the first request is made
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  Screen screen = {};
  Pause pause = {};  // needed by what looks again and again
};

/// Connects when it is first called, so that help and wrong usage need no daemon.
Call connect_later(const Environment& environment, const std::string& socket);

int run(const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace turnout::cli
