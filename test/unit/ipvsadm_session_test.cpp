// Whole runs in ipvsadm's grammar against a daemon that keeps services and does nothing else.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <sstream>

#include "control/cli/run.h"
#include "test/unit/ipvsadm_daemon.h"

namespace turnout::cli::ipvsadm_session_test {
namespace {

class IpvsadmRun : public testing::Test {
 protected:
  FakeDaemon daemon;
  bool alive = true;
  std::string socket;
  std::string out;
  std::string err;

  int run_as(const std::string& program, const std::vector<std::string>& words,
             const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out_stream;
    std::ostringstream err_stream;
    const auto connect = [this](const std::string& path) -> Call {
      socket = path;
      if (!alive) throw NoDaemon("no daemon on " + path);
      return [this](const std::string& method, const Json& params) { return daemon.call(method, params); };
    };
    const int code = run(words, {.program = program,
                                 .version = "1.2.3",
                                 .socket = std::nullopt,
                                 .connect = connect,
                                 .in = in,
                                 .out = out_stream,
                                 .err = err_stream});
    out = out_stream.str();
    err = err_stream.str();
    return code;
  }

  /// A line of words without spaces in them.
  int ctl(const std::string& line, const std::string& input = "") {
    std::istringstream in(line);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return run_as("turnoutctl", words, input);
  }

  std::string saved() {
    EXPECT_EQ(ctl("-S -n"), kDone) << err;
    return out;
  }
};

const char* const kSaved =  // by ipvsadm 1.31
    "-A -t 192.0.2.99:8080 -s mh -b mh-fallback,mh-port\n"
    "-A -t 192.0.2.100:80 -s wlc -p 360\n"
    "-a -t 192.0.2.100:80 -r 192.0.2.11:80 -g -w 65535\n"
    "-a -t 192.0.2.100:80 -r 192.0.2.12:80 -g -w 2\n"
    "-A -t 192.0.2.100:443 -s sh -p 300 -M 255.255.255.0 -b sh-port\n"
    "-A -t 10.0.0.100:80 -s wrr\n"
    "-A -u 192.0.2.100:53 -s rr -o\n"
    "-a -u 192.0.2.100:53 -r 192.0.2.11:53 -g -w 1\n"
    "-A -t [2001:db8::100]:0 -s dh -p 100 -M 64\n"
    "-a -t [2001:db8::100]:0 -r [2001:db8::11]:0 -g -w 0\n"
    "-A -f 7 -s rr -p 300\n"
    "-a -f 7 -r 192.0.2.11:0 -g -w 1\n"
    "-A -f 7 -6 -s wlc\n";

TEST_F(IpvsadmRun, ChangesAreSilent) {
  EXPECT_EQ(ctl("-A -t 192.0.2.100:80 -s wrr"), kDone);
  EXPECT_EQ(ctl("-a -t 192.0.2.100:80 -r 192.0.2.11 -w 3"), kDone);
  EXPECT_EQ(ctl("-e -t 192.0.2.100:80 -r 192.0.2.11:80"), kDone);
  EXPECT_EQ(ctl("-E -t 192.0.2.100:80"), kDone);
  EXPECT_EQ(out + err, "");
  EXPECT_EQ(saved(), "-A -t 192.0.2.100:80 -s wlc\n-a -t 192.0.2.100:80 -r 192.0.2.11:80 -g -w 1\n");
}

TEST_F(IpvsadmRun, RefusalsAreInIpvsadmsWords) {
  ctl("-A -t 192.0.2.100:80");
  ctl("-a -t 192.0.2.100:80 -r 192.0.2.11");
  const std::pair<const char*, const char*> rows[] = {
      {"-A -t 192.0.2.100:80", "Service already exists\n"},
      {"-E -t 192.0.2.100:81", "No such service\n"},
      {"-D -t 192.0.2.100:81", "No such service\n"},
      {"-L -n -t 192.0.2.100:81", "No such service\n"},
      {"-A -t 192.0.2.100:81 -s nosuch", "Scheduler or persistence engine not found\n"},
      {"-E -t 192.0.2.100:80 -s nosuch", "Scheduler or persistence engine not found\n"},
      {"-a -t 192.0.2.100:80 -r 192.0.2.11", "Destination already exists\n"},
      {"-a -t 192.0.2.100:81 -r 192.0.2.11", "Service not defined\n"},
      {"-a -t 192.0.2.100:80 -r 192.0.2.13 -w 65536", "weight: refused\n"},
      {"-e -t 192.0.2.100:80 -r 192.0.2.12", "No such destination\n"},
      {"-d -t 192.0.2.100:80 -r 192.0.2.12", "No such destination\n"},
      {"-d -t 192.0.2.100:81 -r 192.0.2.12", "Service not defined\n"}};
  for (const auto& [line, said] : rows) {
    EXPECT_EQ(ctl(line), kRefused) << line;
    EXPECT_EQ(err, said) << line;
    EXPECT_EQ(out, "") << line;
  }
}

TEST_F(IpvsadmRun, WrongUsageAsksNoDaemon) {
  EXPECT_EQ(ctl("-A -t 192.0.2.100:80 -o"), kUsage);
  EXPECT_EQ(err, "One-Packet Scheduling is only for UDP virtual services\n");
  EXPECT_EQ(ctl("-a -t 192.0.2.100:80 -r 192.0.2.11 -m"), kUsage);
  EXPECT_TRUE(daemon.asked.empty());
}

TEST_F(IpvsadmRun, NoDaemonHasItsOwnCode) {
  alive = false;
  EXPECT_EQ(ctl("-Ln"), kNoDaemon);
  EXPECT_EQ(err, "turnoutctl: no daemon on /run/turnout/control.sock\n");
}

TEST_F(IpvsadmRun, ListsAllWithTheSizeOfTheTableAndOneWithout) {
  ctl("-R", kSaved);
  EXPECT_EQ(ctl("-Ln"), kDone);
  EXPECT_TRUE(out.starts_with(
      "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n"))
      << out;
  EXPECT_EQ(ctl("-Ln -u 192.0.2.100:53"), kDone);
  EXPECT_EQ(out,
            "Prot LocalAddress:Port Scheduler Flags\n"
            "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
            "UDP  192.0.2.100:53 rr ops\n"
            "  -> 192.0.2.11:53                Route   1      1          2         \n");
  EXPECT_EQ(ctl("-L --timeout"), kDone);
  EXPECT_EQ(out, "Timeout (tcp tcpfin udp): 900 120 300\n");
  EXPECT_EQ(ctl("-Lcn"), kDone);
  EXPECT_TRUE(out.starts_with("IPVS connection entries\n")) << out;
}

TEST_F(IpvsadmRun, ListsConnectionsPageByPage) {
  const Json connection = Json::parse(R"({"vip": "192.0.2.100", "protocol": "tcp", "port": 80, "client":
      "198.51.100.7", "client_port": 40000, "server": "192.0.2.11", "state": "ESTABLISHED", "expires": 897})");
  daemon.pages = {{{"connections", {connection, connection}}, {"next", 1}},
                  {{"connections", Json::array()}, {"next", 2}},
                  {{"connections", {connection}}, {"next", nullptr}}};
  const std::string row = "TCP 14:57  ESTABLISHED 198.51.100.7:40000 192.0.2.100:80     192.0.2.11:80\n";
  EXPECT_EQ(ctl("-Lcn"), kDone);
  EXPECT_EQ(out,
            "IPVS connection entries\n"
            "pro expire state       source             virtual            destination\n" +
                row + row + row);
  EXPECT_EQ(ctl("--json -Lc"), kDone);
  EXPECT_EQ(Json::parse(out), Json({connection, connection, connection}));
}

TEST_F(IpvsadmRun, ASavedFileComesBackByteForByte) {
  EXPECT_EQ(ctl("-R", kSaved), kDone) << err;
  EXPECT_EQ(daemon.asked, std::vector<std::string>{"config.batch"});
  EXPECT_EQ(saved(), kSaved);
  EXPECT_EQ(run_as("turnout-ipvsadm-restore", {}, kSaved), kDone) << err;
  EXPECT_EQ(run_as("turnout-ipvsadm-save", {"-n"}), kDone);
  EXPECT_EQ(out, kSaved);
}

/// One rule of each kind of option, at random.
std::string random_rules(std::mt19937& random) {
  const auto any = [&](unsigned end) { return static_cast<unsigned>(random() % end); };
  const char* const schedulers[] = {"rr", "wrr", "lc", "wlc", "dh", "sed", "nq", "fo", "ovf"};
  std::string text;
  for (unsigned i = 0, services = any(12); i < services; ++i) {
    const std::string net = std::to_string(1 + any(223)) + ".0.2.";
    const bool udp = any(2) == 0, group = any(4) == 0;
    const std::string port = std::to_string(1 + any(65535));
    const std::string key = group ? "-f " + std::to_string(1 + i) : (udp ? "-u " : "-t ") + net + "1:" + port;
    text += "-A " + key + " -s " + (any(4) == 0 ? "sh" : schedulers[any(9)]);
    const bool is_sh = text.ends_with("sh");
    if (any(2) == 0)
      text += " -p " + std::to_string(1 + any(1000)) + (any(2) == 0 ? " -M 255.255.240.0" : "");
    if (udp && !group && any(2) == 0) text += " -o";
    if (is_sh && any(2) == 0) text += " -b sh-fallback,sh-port";
    if (group && any(2) == 0) text += " --member tcp/" + net + "9:" + port;
    text += '\n';
    for (unsigned j = 0, servers = any(4); j < servers; ++j) {
      text += "-a " + key + " -r " + net + std::to_string(10 + j) + ':' + (group ? "0" : port) + " -g -w " +
              std::to_string(any(65536));
      if (any(3) == 0) text += " -x " + std::to_string(10 + any(1000)) + (any(2) == 0 ? " -y 7" : "");
      text += '\n';
    }
  }
  return text;
}

std::vector<std::string> sorted_lines(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

TEST_F(IpvsadmRun, WhateverWasRestoredIsSavedAndStaysAsItWasSaved) {
  std::mt19937 random(6);
  for (int round = 0; round < 200; ++round) {
    const std::string rules = random_rules(random);
    ASSERT_EQ(run_as("turnout-ipvsadm-restore", {}, rules), kDone) << err << rules;
    const std::string once = saved();
    ASSERT_EQ(sorted_lines(once), sorted_lines(rules));
    ASSERT_EQ(run_as("turnout-ipvsadm-restore", {}, once), kDone) << err;
    ASSERT_EQ(saved(), once);
  }
}

TEST_F(IpvsadmRun, ABadLineIsNamedAndNothingIsAsked) {
  EXPECT_EQ(
      ctl("-R",
          "-A -t 192.0.2.1:80\n\n# why\n-A -t 192.0.2.2:80 -q\n-L -n\n-a -t 192.0.2.1:80 -r 192.0.2.11 -m\n"),
      kUsage);
  EXPECT_TRUE(
      err.starts_with("line 4: -q: unknown option\n"
                      "line 5: '-L' changes no rule, so that it has no place among them\n"
                      "line 6: Turnout forwards by Direct Routing only"))
      << err;
  EXPECT_TRUE(err.ends_with("\nNothing was changed.\n")) << err;
  EXPECT_TRUE(daemon.asked.empty());
}

TEST_F(IpvsadmRun, ALineThatTheDaemonRefusesIsNamedAndNothingIsChanged) {
  ctl("-A -t 192.0.2.1:80");
  const std::string before = saved();
  EXPECT_EQ(ctl("-R", "\n-A -t 192.0.2.2:80\n# x\n-A -t 192.0.2.1:80\n"), kRefused);
  EXPECT_EQ(err, "line 4: Service already exists\nNothing was changed.\n");
  EXPECT_EQ(saved(), before);
  EXPECT_EQ(ctl("-R", "-a -t 192.0.2.1:80 -r 192.0.2.11\n-d -t 192.0.2.1:80 -r 192.0.2.12\n"), kRefused);
  EXPECT_EQ(err, "line 2: No such destination\nNothing was changed.\n");
  EXPECT_EQ(run_as("turnout-ipvsadm-restore", {}, "-A -t 192.0.2.2:80 -s nosuch\n"), kRefused);
  EXPECT_EQ(err, "line 1: Scheduler or persistence engine not found\nNothing was changed.\n");
  EXPECT_EQ(saved(), before);
}

TEST_F(IpvsadmRun, RestoringNothingAsksNothingButTheProgramClears) {
  ctl("-A -t 192.0.2.1:80");
  EXPECT_EQ(ctl("-R", "# nothing\n"), kDone);
  EXPECT_EQ(daemon.asked, std::vector<std::string>{"service.add"});
  EXPECT_EQ(run_as("turnout-ipvsadm-restore", {}, ""), kDone);
  EXPECT_EQ(saved(), "");
  EXPECT_EQ(run_as("turnout-ipvsadm-restore", {"file"}), kUsage);
}

TEST_F(IpvsadmRun, NamedGroupsAreLeftOutOfRulesAloud) {
  daemon.services = Json::parse(R"([{"group": "web", "scheduler": "rr", "real_servers": []}])");
  EXPECT_EQ(ctl("-S -n"), kDone);
  EXPECT_EQ(out, "");
  EXPECT_TRUE(err.starts_with("left out: group web has a name")) << err;
}

TEST_F(IpvsadmRun, TheOtherNamesTakeTheGrammarWhatever) {
  EXPECT_EQ(run_as("turnout-ipvsadm", {}), kDone);
  EXPECT_TRUE(out.starts_with("IP Virtual Server version 1.2.1")) << out;
  EXPECT_EQ(run_as("turnout-ipvsadm", {"-h"}), kDone);
  EXPECT_TRUE(out.find("\n  turnout-ipvsadm -A|E virtual-service") != std::string::npos) << out;
  EXPECT_EQ(run_as("turnout-ipvsadm", {"--version"}), kDone);
  EXPECT_TRUE(out.starts_with("ipvsadm v1.31 ")) << out;
  EXPECT_EQ(run_as("turnout-ipvsadm", {"status"}), kUsage);
  EXPECT_EQ(err, "Try `turnout-ipvsadm -h' or 'turnout-ipvsadm --help' for more information.\n");
  EXPECT_EQ(run_as("turnout-ipvsadm", {"--socket", "/x", "-C"}), kDone);
  EXPECT_EQ(socket, "/x");
}

TEST_F(IpvsadmRun, TurnoutctlKeepsItsOwnOptions) {
  EXPECT_EQ(ctl("--socket=/x --json -A -t 192.0.2.1:80"), kDone);
  EXPECT_EQ(socket, "/x");
  EXPECT_EQ(out, "{\"generation\":8}\n");
  EXPECT_EQ(ctl("--json -A -t 192.0.2.1:80"), kRefused);
  EXPECT_EQ(Json::parse(err)["code"], -32001);
  EXPECT_EQ(ctl("--json -L"), kDone);
  EXPECT_EQ(Json::parse(out), daemon.services);
  EXPECT_EQ(ctl("-h"), kDone);
  EXPECT_TRUE(out.starts_with("turnoutctl: look at and change")) << out;
  EXPECT_EQ(ctl("--version"), kDone);
  EXPECT_EQ(out, "turnoutctl 1.2.3\n");
  EXPECT_EQ(ctl("-v"), kDone);
  EXPECT_TRUE(out.starts_with("ipvsadm v1.31 ")) << out;
  EXPECT_EQ(ctl("--colour status"), kUsage);
  EXPECT_TRUE(err.find("unknown option '--colour'") != std::string::npos) << err;
}

}  // namespace
}  // namespace turnout::cli::ipvsadm_session_test
