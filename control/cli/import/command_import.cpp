#include <ostream>

#include "control/cli/config_file.h"
#include "control/cli/errors.h"
#include "control/cli/import/assembly.h"
#include "control/cli/import/commands.h"
#include "control/cli/import/document.h"
#include "control/cli/import/ipvsadm_rules.h"
#include "control/cli/import/keepalived_services.h"

namespace turnout::cli {
namespace {

/// Prints what was taken over, and on the error output what was not.
void finish(const Request& request, const std::vector<Draft>& drafts, Leftovers& leftovers) {
  const std::string& file = request.arguments[0];
  const std::string name = file == "-" ? "standard input" : file;
  const Imported imported = assemble(drafts, leftovers);
  print_document(imported, name, request.out);
  if (leftovers.all().empty()) return;
  leftovers.print(name, request.err);
  request.exit_code = kWarning;
}

void import_ipvsadm(const Request& request) {
  Leftovers leftovers;
  finish(request, read_ipvsadm_rules(read_text_file(request.arguments[0], request.in), leftovers), leftovers);
}

void import_keepalived(const Request& request) {
  Leftovers leftovers;
  const std::string& file = request.arguments[0];
  const std::string name = file == "-" ? "standard input" : file;
  finish(request, read_keepalived(read_text_file(file, request.in), name, leftovers), leftovers);
}

}  // namespace

CommandGroup import_commands() {
  CommandGroup group{"Come from LVS",
                     "ipvsadm -S -n | turnoutctl import ipvsadm-save - > turnout.json\n"
                     "turnoutctl import keepalived /etc/keepalived/keepalived.conf > turnout.json\n",
                     {}};
  const std::string kDetails =
      "FILE: - is standard input. What can't be taken over is said on standard error, a line each with the\n"
      "file's line, the reason and what to do; the exit code is 4 then. eal and ports are placeholders: "
      "fill\n"
      "them in, then check the file with turnoutd --check. Needs no daemon.";
  group.commands = {
      {"import ipvsadm-save",
       "FILE",
       1,
       1,
       "print a turnout.json for what ipvsadm -S -n printed",
       "",
       {},
       kDetails + " Example:\n  ipvsadm -S -n | turnoutctl import ipvsadm-save - > turnout.json\n",
       import_ipvsadm},
      {"import keepalived",
       "FILE",
       1,
       1,
       "print a turnout.json for the virtual servers of a keepalived.conf",
       "",
       {},
       kDetails +
           " Example:\n  turnoutctl import keepalived /etc/keepalived/keepalived.conf > turnout.json\n",
       import_keepalived},
  };
  return group;
}

}  // namespace turnout::cli
