#include <ostream>

#include "control/cli/completion/commands.h"
#include "control/cli/completion/scripts.h"
#include "control/cli/errors.h"
#include "control/cli/format.h"

namespace turnout::cli {
namespace {

void print_script(const Request& request) {
  const std::string& shell = request.arguments[0];
  if (shell != "bash" && shell != "zsh")
    throw UsageError("no completion for " + in_quotes(shell) + "; use bash or zsh");
  request.out << (shell == "bash" ? kBashCompletion : kZshCompletion);
}

}  // namespace

CommandGroup completion_commands() {
  CommandGroup group{"Shell", "source <(turnoutctl completion bash)\n", {}};
  group.commands = {
      {"completion",
       "bash|zsh",
       1,
       1,
       "print the script that completes turnoutctl's words with Tab",
       "",
       {},
       "It completes commands, options, and the names of what the running turnoutd has, for turnoutctl,\n"
       "turnout-ipvsadm and turnout-ipvsadm-save. Where Turnout was installed, the shells find it by\n"
       "themselves; else load it. Example:\n"
       "  source <(turnoutctl completion bash)\n",
       print_script},
  };
  return group;
}

}  // namespace turnout::cli
