// The configuration as a whole: shown, applied from a file, saved to one.
#include <ostream>

#include "control/cli/change.h"
#include "control/cli/commands.h"
#include "control/cli/config_file.h"
#include "control/cli/errors.h"

namespace turnout::cli {
namespace {

void show_config(const Request& request) {
  const Json config = request.call("config.get", Json::object());
  if (request.print_json(config)) return;
  request.out << dump(config, 2) << '\n';
}

void apply_config(const Request& request) {
  const bool is_dry_run = request.has_switch("dry-run");
  const Json config = read_config_file(request.arguments[0], request.in);
  const Json params = {{"config", config}, {"dry_run", is_dry_run}};
  const Json result = request.call("config.apply", conditional(request, params));
  if (!request.print_json(result)) print_changes(request, result, is_dry_run);
}

void save_config(const Request& request) {
  const Json result = request.call("config.save", Json::object());
  if (request.print_json(result)) return;
  request.out << "Saved to " << text(result, "file") << ".\n";
}

}  // namespace

CommandGroup config_commands() {
  CommandGroup group{"Configuration as a whole",
                     "turnoutctl config > turnout.json\nturnoutctl apply turnout.json --dry-run\n",
                     {}};
  group.commands = {
      {"config",
       "",
       0,
       0,
       "print the configuration in use",
       "config.get",
       {},
       "Example:\n  turnoutctl config > turnout.json\n",
       show_config},
      {"apply",
       "FILE",
       1,
       1,
       "make a file the configuration: all of it or nothing",
       "config.apply",
       {kDryRun, kIfGeneration},
       "FILE is JSON with comments; - is standard input. Example:\n"
       "  turnoutctl apply /etc/turnout/turnout.json --dry-run\n",
       apply_config},
      {"save",
       "",
       0,
       0,
       "write the configuration in use to the daemon's file",
       "config.save",
       {},
       "To the file that turnoutd was started with; comments in it are lost, what it was stays as FILE.bak.\n"
       "Example:\n"
       "  turnoutctl save\n"
       "To another file: turnoutctl config > FILE\n",
       save_config},
  };
  return group;
}

}  // namespace turnout::cli
