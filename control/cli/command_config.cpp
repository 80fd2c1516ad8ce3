// The configuration as a whole: shown, applied from a file, saved to one.
#include <ostream>

#include "control/cli/change.h"
#include "control/cli/operate.h"
#include "control/cli/waiting.h"

namespace turnout::cli {
namespace {

void show_config(const Request& request) {
  const Json config = request.call("config.get", Json::object());
  if (request.print_json(config)) return;
  request.out << dump(config, 2) << '\n';
}

void save_config(const Request& request) {
  const Json result = request.call("config.save", Json::object());
  if (request.print_json(result)) return;
  request.out << (is_true(result, "changed") ? "Saved to " : "Nothing to save: that is what is in ")
              << text(result, "file") << ".\n";
  for (const Json& remark : member(result, "remarks")) request.out << "Note: " << text(remark) << ".\n";
}

}  // namespace

CommandGroup config_commands() {
  using Kind = CommandOption::Kind;
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
       {kDryRun,
        kIfGeneration,
        {"watch", Kind::on_or_off, "", "wait until the servers of what was added or changed are up"},
        kDeadline},
       "FILE is JSON with comments; - is standard input. + is added, - removed, ~ changed; what isn't named "
       "keeps\n"
       "its connections and counters. --watch ends with 0 when all are up, with 6 if they aren't after 60 s "
       "or\n"
       "--deadline, or after Ctrl-C: the change stays. Example:\n"
       "  turnoutctl apply /etc/turnout/turnout.json --dry-run\n"
       "  turnoutctl apply /etc/turnout/turnout.json --watch --deadline 5m\n",
       apply_config},
      {"save",
       "",
       0,
       0,
       "write the configuration in use to the daemon's file",
       "config.save",
       {},
       "To the file that turnoutd was started with: its comments and its order stay, and only what differs "
       "is\n"
       "changed in it. What it was stays as FILE.bak. With \"autosave\": true in its control it happens by "
       "itself.\n"
       "Example:\n"
       "  turnoutctl save\n"
       "To another file: turnoutctl config > FILE\n",
       save_config},
  };
  return group;
}

}  // namespace turnout::cli
