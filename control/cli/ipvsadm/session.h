// Carries out command lines of ipvsadm's grammar.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "control/cli/commands.h"
#include "control/cli/errors.h"
#include "control/cli/ipvsadm/command.h"
#include "control/cli/ipvsadm/names.h"
#include "control/cli/ipvsadm/translate.h"

namespace turnout::cli::ipvsadm {

/// What a command line works with.
struct Session {
  std::string program;  // as the reader called it
  std::string version;
  bool json;  // print the daemon's results as they are
  Call call;
  const Names& names;
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

/// Says what is wrong on `session.err`, in ipvsadm's words where it has some. NoDaemon passes through.
ExitCode run(const std::vector<std::string>& words, const Session& session);

/// -R, and the program ipvsadm-restore, which first clears all: one transaction, all lines or none.
ExitCode restore(const Session& session, bool clear_first);

/// -L and -S.
void list(const Command& command, const Session& session);

/// The daemon's refusal in ipvsadm's words: "No such service".
std::string explain(Action action, const Refused& refused);

}  // namespace turnout::cli::ipvsadm
