// The commands that only look.
#include "control/cli/commands.h"
#include "control/cli/status.h"

namespace turnout::cli {

CommandGroup show_commands() {
  using Kind = CommandOption::Kind;
  CommandGroup group{"Look", "turnoutctl status\nturnoutctl connections --service tcp/192.0.2.100:80\n", {}};
  group.commands = {
      {"status",
       "",
       0,
       0,
       "all that matters on one screen",
       "daemon.info",
       {},
       "Counters count from the daemon's start; those of services since they were zeroed. Example:\n  watch "
       "turnoutctl status\n",
       show_status},
      {"doctor",
       "",
       0,
       0,
       "what is wrong, what it means, and what mends it",
       "doctor",
       {{"watch", Kind::on_or_off, "", "look again and again, until Ctrl-C"},
        {"interval", Kind::value, "SECONDS", "with --watch: so long between looks (default 2, at most 3600)"},
        {"count", Kind::value, "N", "with --watch: look N times"}},
       "Exit code: 0 nothing is wrong, or nothing that matters, 4 a warning is the gravest, 5 something is\n"
       "critical; 1, 2 and 3 as of every command. After --watch: of the last look. Example:\n"
       "  turnoutctl doctor --watch --interval 5\n",
       show_doctor},
      {"services",
       "",
       0,
       0,
       "each virtual service, with its counters",
       "service.list",
       {{"rates", Kind::on_or_off, "", "rates in place of counters"}},
       "UP counts its real servers that can be reached. Rates are per second, as LVS estimates them, and "
       "stand\n"
       "beside the counters on a terminal that is wide enough. Example:\n  turnoutctl services --rates\n",
       show_services},
      {"servers",
       "",
       0,
       0,
       "each real server, with its counters",
       "stats.get",
       {{"rates", Kind::on_or_off, "", "rates in place of counters"}},
       "A server of weight 0 is draining. Rates are as in turnoutctl services. Example:\n"
       "  turnoutctl servers --rates\n",
       show_servers},
      {"health",
       "",
       0,
       0,
       "what the health checks of each real server find",
       "health.list",
       {},
       "Checks go to the VIP by way of the real server, as clients' packets do. Example:\n  turnoutctl "
       "health\n",
       show_health},
      {"vips",
       "",
       0,
       0,
       "each VIP, with what is set for it",
       "vip.list",
       {},
       "ECHO: does it answer pings? UNMATCHED: packets that no service of it is for. To change them:\n"
       "turnoutctl help vip. Example:\n  turnoutctl vips\n",
       show_vips},
      {"connections",
       "",
       0,
       0,
       "the connections being forwarded",
       "connection.list",
       {{"service", Kind::value, "tcp/VIP:PORT", "of this service only"},
        {"server", Kind::value, "ADDR", "forwarded to this real server only"},
        {"client", Kind::value, "PREFIX", "of this client only, or of those in a prefix"},
        {"state", Kind::value, "STATE",
         "in this state only: SYN_RECV, ESTABLISHED, FIN_WAIT, CLOSE, UDP or NONE"},
        {"limit", Kind::value, "N", "show at most N (default 1000)"},
        {"all", Kind::on_or_off, "", "show all, as they are found"}},
       "Millions can be shown: neither side keeps them. One that comes, ends or is moved in the table\n"
       "meanwhile may be there or not, or twice. With --all and --json: each connection on a line.\n"
       "Examples:\n  turnoutctl connections --service tcp/192.0.2.100:80 --server 192.0.2.11 --limit 20\n"
       "  turnoutctl connections --client 198.51.100.0/24 --state established --all\n",
       show_connections},
      {"trace",
       "tcp|udp|sctp CLIENT:PORT VIP:PORT",
       0,
       3,
       "what would become of a packet, and why",
       "trace",
       {{"flags", Kind::value, "FLAGS",
         "syn (default), ack, fin or rst; of SCTP: INIT, DATA, SHUTDOWN or ABORT"},
        {"port", Kind::value, "NAME", "the port that it comes in by (default: the first)"},
        {"frame", Kind::value, "HEX", "instead: a whole Ethernet frame, as tcpdump -xx shows it"}},
       "Each decision in its order, the connection's entry before and after, and what the packet would\n"
       "count. The forwarder itself decides, over copies of what it would find: nothing is changed and\n"
       "nothing is sent. Example:\n"
       "  turnoutctl trace tcp 203.0.113.7:40000 192.0.2.100:80\n",
       show_trace},
      {"neighbors",
       "",
       0,
       0,
       "the MAC addresses of real servers and gateways",
       "neighbor.list",
       {},
       "An incomplete neighbor has never answered; a fixed one is in the configuration. RIVAL: another MAC\n"
       "address that claims to be it. Example:\n"
       "  turnoutctl neighbors\n",
       show_neighbors},
      {"ports",
       "",
       0,
       0,
       "the network ports and their links",
       "port.list",
       {},
       "VLAN 0: frames without a tag. KERNEL: the port's interface in the kernel. Example:\n  turnoutctl "
       "ports\n",
       show_ports},
      {"workers",
       "",
       0,
       0,
       "where each worker's time goes",
       "worker.list",
       {{"interval", Kind::value, "SECONDS", "watch so long (default 1, at most 3600); 0: since the start"}},
       "CYCLES/PACKET: busy cycles for each packet received. PACKETS/BURST: packets that a look into a "
       "queue\n"
       "found, if it found any; FULL: the share of those that found as many as it can take, so that more "
       "may\n"
       "have waited. BUSY: the share of time in passes over the queues that found packets. Example:\n"
       "  turnoutctl workers --interval 10\n",
       show_workers},
      {"stats",
       "",
       0,
       0,
       "every counter: packets, ports, workers, drops, punts, table",
       "stats.get",
       {},
       "Those of services and servers: turnoutctl services, turnoutctl servers. Example:\n"
       "  turnoutctl stats\n  turnoutctl --json stats | jq .drops\n",
       show_stats},
      {"zero",
       "[tcp VIP:PORT]",
       0,
       3,
       "have counters and rates begin at 0 again",
       "stats.zero",
       {},
       "Those of one service ('tcp VIP:PORT', 'group NAME') and its real servers, or of all, wherever\n"
       "turnoutctl shows them. /metrics goes on as before: its counters never go back. Example:\n"
       "  turnoutctl zero tcp 192.0.2.100:80\n",
       zero_statistics},
  };
  group.commands.push_back(limits_command());
  group.commands.push_back(top_command());
  group.commands.push_back(watch_events_command());
  group.commands.push_back(capture_command());
  return group;
}

}  // namespace turnout::cli
