#include "control/cli/ipvsadm/usage.h"

#include <array>

namespace turnout::cli::ipvsadm {
namespace {

constexpr std::array kForms = {
    "-A|E virtual-service [-s scheduler] [-p [timeout]] [-M netmask] [-o] [-b sched-flags]",
    "-D virtual-service",
    "-C",
    "-R",
    "-S [-n]",
    "-a|e virtual-service -r server-address [options]",
    "-d virtual-service -r server-address",
    "-L|l [virtual-service] [options]",
    "-Z [virtual-service]",
    "--set tcp tcpfin udp",
    "-h"};

constexpr const char* kRest = R"(
Commands:
Either long or short options are allowed; long ones may be shortened.
  --add-service     -A        add virtual service with options
  --edit-service    -E        edit virtual service: all of its options are set anew
  --delete-service  -D        delete virtual service
  --clear           -C        clear the whole table
  --restore         -R        restore rules from stdin: all lines, or none
  --save            -S        save rules to stdout
  --add-server      -a        add real server with options
  --edit-server     -e        edit real server: all of its options are set anew
  --delete-server   -d        delete real server
  --list            -L|-l     list the table
  --zero            -Z        zero counters in a service or all services
  --set tcp tcpfin udp        set connection timeout values; 0 leaves one as it is
  --help            -h        display this help message

virtual-service:
  --tcp-service|-t  service-address   service-address is host[:port]
  --udp-service|-u  service-address   service-address is host[:port]
  --sctp-service    service-address   service-address is host[:port]
  --fwmark-service|-f fwmark          a group of services, by number; greater than zero

Options:
  --ipv6         -6                   the group is of IPv6 (after -f)
  --member       tcp|udp|sctp/VIP:PORT a service of the group; may be given several times
  --scheduler    -s scheduler         one of rr|wrr|lc|wlc|dh|sh|sed|nq|fo|ovf|mh,
                                      the default scheduler is wlc.
  --persistent   -p [timeout]         persistent service (360 seconds)
  --netmask      -M netmask           persistent granularity mask
  --real-server  -r server-address    server-address is host (and the service's port)
  --gatewaying   -g                   gatewaying (direct routing) (default, and the only one)
  --weight       -w weight            capacity of real server
  --u-threshold  -x uthreshold        upper threshold of connections
  --l-threshold  -y lthreshold        lower threshold of connections
  --connection   -c                   output of current connections
  --timeout                           output of timeout (tcp tcpfin udp)
  --stats                             output of statistics information
  --rate                              output of rate information
  --exact                             expand numbers (display exact values)
  --thresholds                        output of thresholds information
  --persistent-conn                   output of persistent connection info
  --nosort                            disable sorting output of service/server entries
  --sort                              does nothing, for backwards compatibility
  --ops          -o                   one-packet scheduling
  --numeric      -n                   numeric output of addresses and ports
  --sched-flags  -b flags             scheduler flags (comma-separated):
                                      sh-port|sh-fallback|mh-port|mh-fallback

Before all of these: --socket PATH (the daemon's control socket), --json (its own answer).
Exit code: 0 done, 1 refused by turnoutd, 2 wrong usage, 3 no turnoutd answers.
)";

}  // namespace

std::string version_text(const std::string& version) {
  return "ipvsadm v1.31 grammar of turnoutctl " + version + " (IPVS v1.2.1)\n";
}

std::string usage_text(const std::string& program, const std::string& version) {
  std::string text = version_text(version) + "Usage:\n";
  for (const char* form : kForms) text += "  " + program + ' ' + form + '\n';
  return text + kRest;
}

}  // namespace turnout::cli::ipvsadm
