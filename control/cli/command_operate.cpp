// Taking real servers out, and back in: what the commands are called and take.
#include "control/cli/operate.h"
#include "control/cli/waiting.h"

namespace turnout::cli {

CommandGroup operate_commands() {
  using Kind = CommandOption::Kind;
  const CommandOption wait_idle = {"wait", Kind::on_or_off, "", "until no connection of it is active"};
  CommandGroup group{"Take a real server out, and back in",
                     "turnoutctl drain 192.0.2.11 --wait --deadline 10m\n"
                     "turnoutctl maintenance start 192.0.2.11\n",
                     {}};
  group.commands = {
      {"drain",
       "SERVER",
       1,
       3,
       "give a server no new connections (weight 0)",
       "server.edit, or config.batch",
       {{"service", Kind::value, "KEY", "in this service only: 'tcp 192.0.2.100:80', 'group web'"},
        wait_idle,
        kDeadline},
       "In all its services, as one change. Its connections go on; it says how to undo it. With --wait it "
       "shows\n"
       "them going, and ends with 0 when it is safe, with 6 if it is not by the deadline or after Ctrl-C.\n"
       "turnoutctl drain tcp VIP:PORT SERVER does it in one service. Example:\n"
       "  turnoutctl drain 192.0.2.11 --wait --deadline 10m && ssh 192.0.2.11 reboot\n",
       drain_server},
      {"maintenance start",
       "SERVER",
       1,
       1,
       "give a server no new connections in any service, whatever its weights",
       "maintenance.edit",
       {wait_idle, kDeadline},
       "Its weights stay as they are, and count again when it ends. --wait as for drain. Example:\n"
       "  turnoutctl maintenance start 192.0.2.11 --wait\n",
       start_maintenance},
      {"maintenance end",
       "SERVER",
       1,
       1,
       "give it its share again",
       "maintenance.edit",
       {{"wait", Kind::on_or_off, "",
         "until it is up in all its services (for 60 s unless --deadline says so)"},
        kDeadline},
       "Example:\n  turnoutctl maintenance end 192.0.2.11 --wait\n",
       end_maintenance},
      {"maintenance list",
       "",
       0,
       0,
       "the servers under maintenance, and what they still carry",
       "config.get: its maintenance",
       {},
       "Example:\n  turnoutctl maintenance list\n",
       list_maintenance},
  };
  return group;
}

}  // namespace turnout::cli
