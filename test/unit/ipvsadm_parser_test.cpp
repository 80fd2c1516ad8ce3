// ipvsadm's grammar: what each command line asks of the daemon, or what is wrong with it. The words of errors
// were taken from ipvsadm 1.31 itself, given the same rows.
#include <gtest/gtest.h>

#include <sstream>

#include "control/cli/ipvsadm/parser.h"
#include "control/cli/ipvsadm/translate.h"
#include "test/unit/ipvsadm_names.h"

namespace turnout::cli::ipvsadm::ipvsadm_parser_test {
namespace {

std::vector<std::string> split(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

Command parse(const std::string& line) {
  return parse_command(split(line), FakeNames(), "ipvsadm");
}

std::string error_of(const std::string& line) {
  try {
    parse(line);
    return "taken";
  } catch (const GrammarError& error) {
    return error.what();
  }
}

struct Row {
  const char* line;
  const char* meaning;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.line;
}

class Change : public testing::TestWithParam<Row> {};

TEST_P(Change, AsksTheDaemonForAllThatIpvsadmSets) {
  const Command command = parse(GetParam().line);
  const Operation operation = operation_of(command);
  EXPECT_EQ(operation.method + ' ' + operation.params.dump(), GetParam().meaning);
}

#define KEY R"({"vip":"192.0.2.1","protocol":"tcp","port":80)"
#define PLAIN \
  R"("scheduler":"wlc","scheduler_flags":[],"persistence":0,"persistence_prefix":32,"one_packet":false})"
#define AS(scheduler, flags, persistence, prefix, one_packet)                                     \
  R"("scheduler":")" scheduler R"(","scheduler_flags":[)" flags R"(],"persistence":)" persistence \
  R"(,"persistence_prefix":)" prefix R"(,"one_packet":)" one_packet "}"
#define SERVER(address, weight, upper, lower)                                       \
  R"({"service":)" KEY R"(},"server":{"address":")" address R"(","weight":)" weight \
  R"(,"upper_threshold":)" upper R"(,"lower_threshold":)" lower "}}"

INSTANTIATE_TEST_SUITE_P(
    Services, Change,
    testing::Values(
        Row{"-A -t 192.0.2.1:80", "service.add " KEY "," PLAIN},
        Row{"-At 192.0.2.1:80", "service.add " KEY "," PLAIN},
        Row{"-At192.0.2.1:80", "service.add " KEY "," PLAIN},
        Row{"-A -t=192.0.2.1:80", "service.add " KEY "," PLAIN},
        Row{"-A -t 192.0.2.1:80 --", "service.add " KEY "," PLAIN},
        Row{"-A -t 192.0.2.1:http", "service.add " KEY "," PLAIN},
        Row{"--add-service --tcp-service 192.0.2.1:80", "service.add " KEY "," PLAIN},
        Row{"--add-service --tcp-service=192.0.2.1:80 --scheduler=rr",
            "service.add " KEY "," AS("rr", "", "0", "32", "false")},
        Row{"--add-servi --tcp 192.0.2.1:80 --schedu rr",
            "service.add " KEY "," AS("rr", "", "0", "32", "false")},
        Row{"-A -s wrr -t 192.0.2.1:80", "service.add " KEY "," AS("wrr", "", "0", "32", "false")},
        Row{"-A -t 192.0.2.1:80 -p", "service.add " KEY "," AS("wlc", "", "360", "32", "false")},
        Row{"-A -t 192.0.2.1:80 -p600", "service.add " KEY "," AS("wlc", "", "600", "32", "false")},
        Row{"-A -t 192.0.2.1:80 -p=600", "service.add " KEY "," AS("wlc", "", "600", "32", "false")},
        Row{"-A -t 192.0.2.1:80 -p 600", "service.add " KEY "," AS("wlc", "", "600", "32", "false")},
        Row{"-A -t 192.0.2.1:80 --persistent 600",
            "service.add " KEY "," AS("wlc", "", "600", "32", "false")},
        Row{"-A -t 192.0.2.1:80 --persistent=600",
            "service.add " KEY "," AS("wlc", "", "600", "32", "false")},
        Row{"-A -t 192.0.2.1:80 -p -s rr", "service.add " KEY "," AS("rr", "", "360", "32", "false")},
        Row{"-A -t 192.0.2.1:80 -p -M 255.255.255.0",
            "service.add " KEY "," AS("wlc", "", "360", "24", "false")},
        Row{"-A -t 192.0.2.1:80 -s sh -b sh-port,sh-fallback",
            "service.add " KEY "," AS("sh", R"("sh-port","sh-fallback")", "0", "32", "false")},
        Row{"-A -t 192.0.2.1:80 -b mh-port -s mh",
            "service.add " KEY "," AS("mh", R"("mh-port")", "0", "32", "false")},
        Row{"-A -t 192.0.2.1:80 -s sh -b flag-1,flag-2",
            "service.add " KEY "," AS("sh", R"("sh-fallback","sh-port")", "0", "32", "false")},
        Row{"-A -t 192.0.2.1:80 -s nosuch", "service.add " KEY "," AS("nosuch", "", "0", "32", "false")},
        Row{"-A -t 192.0.2.1:0 -p",
            R"(service.add {"vip":"192.0.2.1","protocol":"tcp","port":0,)" AS("wlc", "", "360", "32",
                                                                              "false")},
        Row{"-A -t 192.0.2.1 -p 9",
            R"(service.add {"vip":"192.0.2.1","protocol":"tcp","port":0,)" AS("wlc", "", "9", "32", "false")},
        Row{"-A -t 192.0.2.1:8000-8099",
            R"(service.add {"vip":"192.0.2.1","protocol":"tcp","port":"8000-8099",)" PLAIN},
        Row{"-A -t www.example.com:http-alt",
            R"(service.add {"vip":"192.0.2.100","protocol":"tcp","port":8080,)" PLAIN},
        Row{"-A -u 192.0.2.1:domain -o",
            R"(service.add {"vip":"192.0.2.1","protocol":"udp","port":53,)" AS("wlc", "", "0", "32", "true")},
        Row{"-A --sctp-service 192.0.2.1:80",
            R"(service.add {"vip":"192.0.2.1","protocol":"sctp","port":80,)" PLAIN},
        Row{"-A -t [2001:DB8:0::1]:80 -p -M 64",
            R"(service.add {"vip":"2001:db8::1","protocol":"tcp","port":80,)" AS("wlc", "", "360", "64",
                                                                                 "false")},
        Row{"-A -t 2001:db8::1 -p",
            R"(service.add {"vip":"2001:db8::1","protocol":"tcp","port":0,)" AS("wlc", "", "360", "128",
                                                                                "false")},
        Row{"-A -f 7 -s rr", R"(service.add {"group":7,"members":[],)" AS("rr", "", "0", "32", "false")},
        Row{"-A -f 4294967295 -6",
            R"(service.add {"group":4294967295,"family":"ipv6","members":[],)" AS("wlc", "", "0", "128",
                                                                                  "false")},
        Row{"-A -f 7 --member tcp/192.0.2.1:80 --member udp/192.0.2.1:53",
            R"(service.add {"group":7,"members":[{"vip":"192.0.2.1","protocol":"tcp","port":80},)"
            R"({"vip":"192.0.2.1","protocol":"udp","port":53}],)" PLAIN},
        Row{"-E -t 192.0.2.1:80", "service.edit " KEY "," PLAIN},
        Row{"-E -f 7", R"(service.edit {"group":7,)" PLAIN},
        Row{"-D -t 192.0.2.1:80", "service.delete " KEY "}"},
        Row{"-D -f 7 --ipv6", R"(service.delete {"group":7,"family":"ipv6"})"}, Row{"-C", "service.clear {}"},
        Row{"--cl", "service.clear {}"}, Row{"-Z", "stats.zero {}"},
        Row{"-Z -t 192.0.2.1:80", R"(stats.zero {"service":)" KEY "}}"}));

INSTANTIATE_TEST_SUITE_P(
    Servers, Change,
    testing::Values(
        Row{"-a -t 192.0.2.1:80 -r 192.0.2.11", "server.add " SERVER("192.0.2.11", "1", "0", "0")},
        Row{"-a -t 192.0.2.1:80 -r 192.0.2.11:80 -g", "server.add " SERVER("192.0.2.11", "1", "0", "0")},
        Row{"-a -t 192.0.2.1:80 -r 192.0.2.11:http -w 65535",
            "server.add " SERVER("192.0.2.11", "65535", "0", "0")},
        Row{"-a -t 192.0.2.1:80 -r 192.0.2.11:0", "server.add " SERVER("192.0.2.11", "1", "0", "0")},
        Row{"-a -r 192.0.2.11 -t 192.0.2.1:80 -x 5 -y 3", "server.add " SERVER("192.0.2.11", "1", "5", "3")},
        Row{"-e -t 192.0.2.1:80 -r 192.0.2.11 -w 0", "server.edit " SERVER("192.0.2.11", "0", "0", "0")},
        Row{"-d -t 192.0.2.1:80 -r 192.0.2.11",
            R"(server.delete {"service":)" KEY R"(},"server":{"address":"192.0.2.11"}})"},
        Row{"-a -f 7 -6 -r 2001:db8::11",
            R"(server.add {"service":{"group":7,"family":"ipv6"},"server":{"address":"2001:db8::11",)"
            R"("weight":1,"upper_threshold":0,"lower_threshold":0}})"},
        Row{"--set 900 120 300", R"(timeouts.edit {"tcp_established":900,"tcp_fin":120,"udp":300})"},
        Row{"--set 0 60 0", R"(timeouts.edit {"tcp_fin":60})"}));

class Refusal : public testing::TestWithParam<Row> {};

TEST_P(Refusal, SaysWhatIpvsadmSays) {
  EXPECT_EQ(error_of(GetParam().line), GetParam().meaning);
}

#define TRY "Try `ipvsadm -h' or 'ipvsadm --help' for more information."
#define ILLEGAL_VIP "illegal virtual server address[:port] specified"

INSTANTIATE_TEST_SUITE_P(
    OfIpvsadm, Refusal,
    testing::Values(
        Row{"", TRY}, Row{"-q", TRY}, Row{"--foo", TRY}, Row{"-", TRY}, Row{"-- -A", TRY},
        Row{"-t 192.0.2.1:80 -A", TRY}, Row{"-n -L", TRY}, Row{"--start-daemon", TRY},
        Row{"-A", "You need to supply the 'service-address' option for the 'add-service' command"},
        Row{"-A -t", "-t: missing argument"}, Row{"-A -t 192.0.2.1:80 -s", "-s: missing argument"},
        Row{"-A -t 192.0.2.1:80 --scheduler", "--scheduler: missing argument"},
        Row{"-A -t 192.0.2.1:80 --ops=1", "--ops=1: option does not take an argument"},
        Row{"-A -q", "-q: unknown option"}, Row{"-Aq", "-Aq: unknown option"},
        Row{"-A --foo", "--foo: unknown option"}, Row{"-A -a -t 192.0.2.1:80", "invalid option `-a'"},
        Row{"-AE -t 192.0.2.1:80", "invalid option `-AE'"},
        Row{"-A -t 192.0.2.1", "Zero port specified for non-persistent service"},
        Row{"-A -t 192.0.2.1:0", "Zero port specified for non-persistent service"},
        Row{"-A -t 192.0.2.1:80 -p 0", "invalid timeout value `0' specified"},
        Row{"-A -t 192.0.2.1:80 -p 2678401", "invalid timeout value `2678401' specified"},
        Row{"-A -t 192.0.2.1:80 -p x", "invalid timeout value `x' specified"},
        Row{"-A -t 192.0.2.1:80 -p 5 5", "unexpected argument 5"},
        Row{"-A -t 192.0.2.1:80 -p -M x", "illegal virtual server persistent mask specified"},
        Row{"-A -f 7 -6 -p -M 129", "illegal ipv6 netmask specified"},
        Row{"-A -t 192.0.2.1:80 -o", "One-Packet Scheduling is only for UDP virtual services"},
        Row{"-A -t 192.0.2.1:nosuch", ILLEGAL_VIP}, Row{"-A -t 80", ILLEGAL_VIP},
        Row{"-A -t nosuch.invalid:80", ILLEGAL_VIP}, Row{"-A -t 192.0.2.1:65536", ILLEGAL_VIP},
        Row{"-A -t [2001:db8::1]", ILLEGAL_VIP}, Row{"-A -t [2001:db8::1:80", ILLEGAL_VIP},
        Row{"-A -t 192.0.2.1:", ILLEGAL_VIP}, Row{"-A -t :80", ILLEGAL_VIP},
        Row{"-A -t 192.0.2.1:-1", ILLEGAL_VIP}, Row{"-A -t 192.0.2.1:0x50", ILLEGAL_VIP},
        Row{"-A -t 192.0.2.1:90-80", ILLEGAL_VIP}, Row{"-A -t 192.0.2.1:0-80", ILLEGAL_VIP},
        Row{"-A -f 0", "invalid fwmark value `0' specified"},
        Row{"-A -f 4294967296", "invalid fwmark value `4294967296' specified"},
        Row{"-A -f web", "invalid fwmark value `web' specified"}, Row{"-A -6 -f 7", "-6 used before -f"},
        Row{"-A -t 192.0.2.1:80 -b sh-port", "incompatible scheduler flag `sh-port'"},
        Row{"-A -t 192.0.2.1:80 -s sh -b nosuch", "invalid scheduler flag `nosuch'"},
        Row{"-A -t 192.0.2.1:80 -s rr -s wrr", "multiple 'scheduler' options specified"},
        Row{"-A -t 192.0.2.1:80 -u 192.0.2.2:80", "multiple 'service-address' options specified"},
        Row{"-A -t 192.0.2.1:80 -r 192.0.2.11",
            "Illegal 'real-server' option with the 'add-service' command"},
        Row{"-A -t 192.0.2.1:80 extra", "unexpected argument extra"},
        Row{"-A -- -t 192.0.2.1:80", "unexpected argument -t"},
        Row{"-A -t 192.0.2.1:80 -n", "Illegal 'numeric' option with the 'add-service' command"},
        Row{"-A -t 192.0.2.1:80 --pe sip", "Scheduler or persistence engine not found"},
        Row{"-a -t 192.0.2.1:80", "You need to supply the 'real-server' option for the 'add-server' command"},
        Row{"-a -r 192.0.2.11",
            "You need to supply the 'service-address' option for the 'add-server' command"},
        Row{"-a -t 192.0.2.1:80 -r 192.0.2.11 -g -m", "multiple 'forwarding-method' options specified"},
        Row{"-a -t 192.0.2.1:80 -r 192.0.2.11 -w -1", "illegal weight specified"},
        Row{"-a -t 192.0.2.1:80 -r 192.0.2.11 -x x", "illegal u_threshold specified"},
        Row{"-a -t 192.0.2.1:80 -r 192.0.2.11 -y x", "illegal l_threshold specified"},
        Row{"-a -t 192.0.2.1:80 -r 80", "illegal real server address[:port] specified"},
        Row{"-a -t 192.0.2.1:80 -r [2001:db8::11]:80",
            "Different address family is allowed only for tunneling servers"},
        Row{"-a -t 192.0.2.1:80 -r 192.0.2.11 -s rr",
            "Illegal 'scheduler' option with the 'add-server' command"},
        Row{"-a -t 192.0.2.1:80 -r 192.0.2.11 --tun-csum", "Tunnel options conflict with forward method"}));

INSTANTIATE_TEST_SUITE_P(
    OfIpvsadmToo, Refusal,
    testing::Values(
        Row{"-d -t 192.0.2.1:80 -r 192.0.2.11 -w 1",
            "Illegal 'weight' option with the 'delete-server' command"},
        Row{"-D -t 192.0.2.1:80 -s rr", "Illegal 'scheduler' option with the 'delete-service' command"},
        Row{"-C -t 192.0.2.1:80", "Illegal 'service-address' option with the 'flush' command"},
        Row{"-Zn", "Illegal 'numeric' option with the 'zero' command"},
        Row{"-S -c", "Illegal 'connection' option with the 'save' command"},
        Row{"-R -n", "Illegal 'numeric' option with the 'restore' command"},
        Row{"-Lc -t 192.0.2.1:80",
            "The option 'service-address' conflicts with the 'connection' option in the 'list' command"},
        Row{"-L --timeout -c",
            "The option 'timeout' conflicts with the 'connection' option in the 'list' command"},
        Row{"-L -c --stats", "options conflicts in the list command"},
        Row{"-L --timeout --rate", "options conflicts in the list command"},
        Row{"-L --timeout --persistent-conn", "options conflicts in the list command"},
        Row{"-Lnn", "multiple 'numeric' options specified"}, Row{"-L -6", "-6 used before -f"},
        Row{"-L -w 1", "Illegal 'weight' option with the 'list' command"},
        Row{"-L extra", "unexpected argument extra"},
        Row{"--set 900 120", "--set option requires 3 timeout values"},
        Row{"--set a b c", "invalid timeout value `a' specified"},
        Row{"--set 1 2 3 4", "unexpected argument 4"}, Row{"--set -1 2 3", "-1: unknown option"},
        Row{"--set 2678401 1 1", "invalid timeout value `2678401' specified"},
        Row{"--set 900 120 300 -n", "Illegal 'numeric' option with the 'set' command"},
        Row{"--start-daemon foo", "illegal start-daemon parameter specified"},
        Row{"--stop-daemon foo", "illegal start_daemon specified"}));

INSTANTIATE_TEST_SUITE_P(
    OfTurnout, Refusal,
    testing::Values(
        Row{"-A -t 192.0.2.1:80 --sched rr", "--sched: could be any of --scheduler --sched-flags"},
        Row{"-A -t 192.0.2.1:80 -p -M 0.0.0.24",
            "illegal virtual server persistent mask specified: 0.0.0.24 has bits behind a gap; give a "
            "netmask such "
            "as 255.255.255.0"},
        Row{"-A -t 192.0.2.1:80 -s rr -b flag-1",
            "scheduler flag `flag-1' means nothing to the scheduler rr; leave it out"},
        Row{"-A -t 192.0.2.1:80 -s sh -b ,", "invalid scheduler flag `,'"},
        Row{"-A -t 192.0.2.1:80 --member tcp/192.0.2.1:80", "The option 'member' is of services by -f only"},
        Row{"-A -f 7 --member dccp/192.0.2.1:80",
            "illegal member `dccp/192.0.2.1:80' specified: give tcp/VIP:PORT, udp/VIP:PORT or "
            "sctp/VIP:PORT"}));

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(IpvsadmParser, RefusesOtherForwardingWithWhatToDoInstead) {
  for (const char* option : {"-m", "-i", "--masquerading", "--ipip"}) {
    const std::string error = error_of(std::string("-a -t 192.0.2.1:80 -r 192.0.2.11:8080 ") + option);
    EXPECT_TRUE(error.starts_with("Turnout forwards by Direct Routing only")) << error;
    EXPECT_TRUE(contains(error, "give -g") && contains(error, "192.0.2.1 on its loopback")) << error;
  }
}

TEST(IpvsadmParser, RefusesTheSyncDaemonWithWhatToDoInstead) {
  for (const char* line : {"--start-daemon master", "--stop-daemon=backup", "-L --daemon"})
    EXPECT_TRUE(contains(error_of(line), "no connection sync daemon. Use the scheduler mh"))
        << error_of(line);
}

TEST(IpvsadmParser, ReadsHowToList) {
  const auto format = [](const char* line) { return parse(line).format; };
  EXPECT_EQ(format("-L"), Format());
  EXPECT_EQ(format("-Ln"), Format{.numeric = true});
  EXPECT_EQ(format("-l -n --sort"), Format{.numeric = true});
  EXPECT_EQ(format("-lcn"), (Format{.view = View::connections, .numeric = true}));
  EXPECT_EQ(format("-Lc --persistent-conn"), (Format{.view = View::connections, .persistence_engine = true}));
  EXPECT_EQ(format("--list --stats --rate -X"), (Format{.view = View::stats, .exact = true}));
  EXPECT_EQ(format("-L --rate --exact --nosort"),
            (Format{.view = View::rate, .exact = true, .sorted = false}));
  EXPECT_EQ(format("-L --thresholds --persistent-conn").view, View::thresholds);
  EXPECT_EQ(format("-L --persistent-conn").view, View::persistent);
  EXPECT_EQ(format("-L --timeout -n").view, View::timeouts);
  EXPECT_EQ(format("-L --tun-info").view, View::tunnels);
  EXPECT_EQ(parse("-Lnt 192.0.2.1:80").service->port, 80);
  EXPECT_EQ(parse("-Sn").format, Format{.numeric = true});
  EXPECT_EQ(parse("-S").action, Action::save);
  EXPECT_EQ(parse("--restore").action, Action::restore);
}

TEST(IpvsadmParser, HelpAndVersionStandAlone) {
  EXPECT_EQ(parse("-h extra").action, Action::help);
  EXPECT_EQ(parse("-hA").action, Action::help);
  EXPECT_EQ(parse("-v -A").action, Action::version);
  EXPECT_EQ(parse("--vers").action, Action::version);
}

}  // namespace
}  // namespace turnout::cli::ipvsadm::ipvsadm_parser_test
