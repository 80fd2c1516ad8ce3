// What could stand where the cursor is on a command line of turnoutctl or of turnout-ipvsadm: from the
// registry of commands and, for names, from the daemon.
#pragma once

#include <string>
#include <vector>

#include "control/cli/commands.h"

namespace turnout::cli {

/// The word that, as the first one, asks for candidates: for the shells' scripts alone, and not in the help.
inline constexpr const char* kCompleteWord = "__complete";

struct Candidate {
  std::string text;
  std::string note;  // what it is, on one line; may be empty
};

struct Candidates {
  std::vector<Candidate> list;
  bool files = false;  // names of files as well
};

/// `program`: the name that turnoutctl is called by. `words`: all after it, the last the one to be completed
/// ("" if it is yet to begin). What the daemon doesn't tell, since there is none or it refuses, is left out.
Candidates candidates_for(const std::string& program, const std::vector<std::string>& words,
                          const Call& call);

/// What --socket in the line says; "" if it isn't there.
std::string socket_in(const std::vector<std::string>& words);

/// A line each: the text, a tab, the note. The line ":files" asks the shell for names of files.
void print_candidates(const Candidates& candidates, std::ostream& out);

}  // namespace turnout::cli
