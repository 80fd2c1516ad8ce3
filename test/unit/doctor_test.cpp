// What the doctor makes of plain facts.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "control/doctor.h"
#include "control/doctor_config.h"
#include "control/doctor_host.h"
#include "control/doctor_servers.h"
#include "test/support/test_config.h"

namespace turnout::doctor_test {
namespace {

std::vector<std::string> codes(const Findings& findings) {
  std::vector<std::string> codes;
  for (const Finding& finding : findings) codes.push_back(finding.code);
  return codes;
}

using Codes = std::vector<std::string>;

/// Nothing that a healthy one has is told of.
Config healthy() {
  Config config = config_with({service(web(), {11, 12})});
  config.services[0].health.type = HealthType::tcp;
  config.ports[0].gateways = {ip("192.0.2.1")};
  return config;
}

TEST(Doctor, PutsTheGravestFirstThenCodeAndSubject) {
  const Findings ordered = in_order({{Severity::info, "a", "1", "", "", ""},
                                     {Severity::critical, "z", "2", "", "", ""},
                                     {Severity::warning, "b", "4", "", "", ""},
                                     {Severity::critical, "z", "1", "", "", ""},
                                     {Severity::warning, "a", "5", "", "", ""}});
  std::string order;
  for (const Finding& finding : ordered) order += finding.code + finding.subject + ' ';
  EXPECT_EQ(order, "z1 z2 a5 b4 a1 ");
}

TEST(Doctor, ListsSoManyOfACodeAndCountsTheRest) {
  Findings many(kMostOfCode + 3, {Severity::warning, "service_drained", "s", "m", "e", "r"});
  many.push_back({Severity::info, "other", "s", "m", "e", "r"});
  const Findings ordered = in_order(many);
  ASSERT_EQ(ordered.size(), kMostOfCode + 2);
  EXPECT_EQ(ordered[kMostOfCode].subject, "3 more");
  EXPECT_EQ(ordered[kMostOfCode].code, "service_drained");
  EXPECT_EQ(ordered[kMostOfCode].severity, Severity::warning);
  EXPECT_EQ(ordered.back().code, "other");

  many.resize(kMostOfCode);
  EXPECT_EQ(in_order(many).size(), kMostOfCode);
}

TEST(Doctor, IsAsGraveAsItsGravestFinding) {
  EXPECT_EQ(gravest({}), "ok");
  EXPECT_EQ(gravest({{Severity::info, "", "", "", "", ""}}), "info");
  EXPECT_EQ(gravest({{Severity::info, "", "", "", "", ""}, {Severity::critical, "", "", "", "", ""}}),
            "critical");
}

TEST(DoctorConfig, HasNothingToSayOfAHealthyOne) {
  EXPECT_EQ(codes(examine_config(healthy())), Codes{});
}

TEST(DoctorConfig, TellsOfServicesThatServeNobody) {
  Config config = healthy();
  config.services[0].real_servers.clear();
  EXPECT_EQ(codes(examine_config(config)), Codes{"service_without_server"});
  EXPECT_EQ(examine_config(config)[0].subject, "tcp 192.0.2.100:80");

  config.services[0].real_servers = servers({11, 12});
  for (RealServerConfig& server : config.services[0].real_servers) server.weight = 0;
  EXPECT_EQ(codes(examine_config(config)), Codes{"service_drained"});
  config.services[0].real_servers[1].weight = 1;
  EXPECT_EQ(codes(examine_config(config)), Codes{});

  config.services.clear();
  EXPECT_EQ(codes(examine_config(config)), Codes{"no_services"});
}

TEST(DoctorConfig, TellsOfAPriorityThatIsWrittenNowhere) {
  Config config = healthy();
  config.services[0].vlan_priority = 5;
  EXPECT_EQ(codes(examine_config(config)), Codes{"vlan_priority_unused"});
  config.ports[0].vlan = 7;
  EXPECT_EQ(codes(examine_config(config)), Codes{});
}

TEST(DoctorConfig, TellsOnceOfAllServicesThatNobodyChecks) {
  Config config = healthy();
  config.services.clear();
  for (uint16_t port = 1; port <= 7; ++port) config.services.push_back(service(web(port), {11}));
  const Findings findings = examine_config(config);
  ASSERT_EQ(codes(findings), Codes{"service_unchecked"});
  EXPECT_EQ(findings[0].severity, Severity::info);
  EXPECT_EQ(findings[0].subject, "7 services");
  EXPECT_NE(findings[0].evidence.find("tcp 192.0.2.100:5, …"), std::string::npos) << findings[0].evidence;
  EXPECT_EQ(findings[0].evidence.find("tcp 192.0.2.100:6"), std::string::npos);
}

TEST(DoctorConfig, TellsARoutedVipFromOneBesideTooNarrowASubnet) {
  Config config = healthy();
  config.services[0].key.vip = ip("198.51.100.7");
  Findings findings = examine_config(config);
  ASSERT_EQ(codes(findings), Codes{"vip_off_subnet"});
  EXPECT_EQ(findings[0].severity, Severity::info);

  config.services[0].key.vip = ip("192.0.2.200");
  config.ports[0].addresses = {parse_interface_address("192.0.2.2/25").value()};
  findings = examine_config(config);
  ASSERT_EQ(codes(findings), Codes{"vip_beside_subnet"});
  EXPECT_EQ(findings[0].severity, Severity::warning);
  EXPECT_NE(findings[0].evidence.find("192.0.2.0/25"), std::string::npos);

  config.services[0].key.vip = ip("2001:db8:0:1::7");
  config.ports[0].addresses.push_back(parse_interface_address("2001:db8:0:1:8000::2/65").value());
  EXPECT_EQ(codes(examine_config(config)), Codes{"vip_beside_subnet"});
}

TEST(DoctorConfig, TellsOfPortsWithoutGatewayAndOfSubnetsOfOne) {
  Config config = healthy();
  config.ports[0].gateways.clear();
  ASSERT_EQ(codes(examine_config(config)), Codes{"port_without_gateway"});
  EXPECT_EQ(examine_config(config)[0].severity, Severity::info);

  config = healthy();
  config.ports[0].addresses.push_back(parse_interface_address("198.51.100.2/32").value());
  EXPECT_EQ(codes(examine_config(config)), Codes{"subnet_of_one"});
}

/// Where everybody is on port 0; the rest is not resolved.
Findings examine_servers_at(const Config& config, const std::map<std::string, std::string>& macs) {
  const auto resolve = [&](size_t, const IpAddress& address) -> std::optional<MacAddress> {
    const auto found = macs.find(address.to_string());
    return found == macs.end() ? std::nullopt : std::optional(mac(found->second));
  };
  return examine_servers(config, resolve, {mac("02:00:00:00:00:02")});
}

TEST(DoctorServers, HasNothingToSayOfServersWithMacsOfTheirOwn) {
  EXPECT_EQ(codes(examine_servers_at(healthy(), {{"192.0.2.1", "02:00:00:00:00:01"},
                                                 {"192.0.2.11", "02:00:00:00:00:11"},
                                                 {"192.0.2.12", "02:00:00:00:00:12"}})),
            Codes{});
  EXPECT_EQ(codes(examine_servers_at(healthy(), {})), Codes{});
}

TEST(DoctorServers, FindsServersBehindARouter) {
  const Findings findings = examine_servers_at(
      healthy(), {{"192.0.2.1", "02:00:00:00:00:01"}, {"192.0.2.11", "02:00:00:00:00:01"}});
  ASSERT_EQ(codes(findings), Codes{"server_off_link"});
  EXPECT_EQ(findings[0].severity, Severity::critical);
  EXPECT_EQ(findings[0].subject, "192.0.2.11");
  EXPECT_NE(findings[0].evidence.find("gateway 192.0.2.1"), std::string::npos);

  Config router = healthy();  // that is a real server itself
  router.services[0].real_servers[0].address = ip("192.0.2.1");
  EXPECT_EQ(codes(examine_servers_at(router, {{"192.0.2.1", "02:00:00:00:00:01"}})), Codes{});
}

TEST(DoctorServers, FindsFixedMacsThatAreTheDirectorsOwn) {
  Config config = healthy();
  config.services[0].real_servers[0].mac = mac("02:00:00:00:00:02");
  config.services.push_back(config.services[0]);
  config.services[1].key.port = 443;
  EXPECT_EQ(codes(examine_servers_at(config, {})), Codes{"server_is_director"});  // told once
}

TEST(DoctorServers, FindsOneMachineThatIsTwoServersOfAService) {
  const std::map<std::string, std::string> same{{"192.0.2.11", "02:00:00:00:00:11"},
                                                {"192.0.2.12", "02:00:00:00:00:11"}};
  const Findings findings = examine_servers_at(healthy(), same);
  ASSERT_EQ(codes(findings), Codes{"servers_share_mac"});
  EXPECT_EQ(findings[0].subject, "tcp 192.0.2.100:80");

  Config apart = config_with({service(web(80), {11}), service(web(443), {12})});
  EXPECT_EQ(codes(examine_servers_at(apart, same)), Codes{});  // an address for each service is fine
}

/// One worker on a CPU of its own, a NIC, and nothing to complain of.
HostFacts healthy_host() {
  HostFacts host;
  PortFacts port;
  port.name = "lan";
  port.device = "0000:3b:00.0";
  port.is_nic = true;
  port.numa_node = 0;
  host.ports = {port};
  host.control = {0, {0}, 0};
  host.workers = {{1, {1}, 0}};
  host.cpus = {{0, {false, "performance", {0}}}, {1, {true, "performance", {1}}}};
  return host;
}

TEST(DoctorPorts, HasNothingToSayOfAHealthyOne) {
  EXPECT_EQ(codes(examine_ports(healthy_host(), healthy())), Codes{});
}

TEST(DoctorPorts, FindsLinksThatAreDown) {
  HostFacts host = healthy_host();
  host.ports[0].link_up = false;
  Findings findings = examine_ports(host, healthy());
  ASSERT_EQ(codes(findings), Codes{"link_down"});
  EXPECT_EQ(findings[0].severity, Severity::critical);

  host = healthy_host();
  host.ports[0].kernel_interface = "dir0";
  host.ports[0].carrier = false;
  findings = examine_ports(host, healthy());
  ASSERT_EQ(codes(findings), Codes{"link_down"});
  EXPECT_NE(findings[0].remedy.find("ip link set dir0 up"), std::string::npos);
}

TEST(DoctorPorts, FindsMissingRss) {
  HostFacts host = healthy_host();
  host.workers.push_back({2, {2}, 0});
  EXPECT_EQ(codes(examine_ports(host, healthy())), Codes{"spread_off"});
  host.ports[0].spreads_in_software = true;
  EXPECT_EQ(codes(examine_ports(host, healthy())), Codes{});
  host.ports[0].spreads_in_software = false;
  host.ports[0].receive_queues = 2;
  EXPECT_EQ(codes(examine_ports(host, healthy())), Codes{});
  host.ports[0].spreads = false;
  EXPECT_EQ(codes(examine_ports(host, healthy())), Codes{"rss_missing"});
}

TEST(DoctorPorts, FindsPortsOnAnotherNumaNode) {
  HostFacts host = healthy_host();
  host.ports[0].numa_node = 1;
  EXPECT_EQ(codes(examine_ports(host, healthy())), Codes{"numa_remote"});
  host.ports[0].numa_node = -1;  // unknown
  EXPECT_EQ(codes(examine_ports(host, healthy())), Codes{});
}

TEST(DoctorPorts, FindsAddressesThatTheKernelHasAsWell) {
  HostFacts host = healthy_host();
  host.kernel_addresses = {{"lo", ip("192.0.2.100")}, {"dir0", ip("192.0.2.2")}, {"lo", ip("127.0.0.1")}};
  EXPECT_EQ(codes(examine_ports(host, healthy())), Codes{});  // the kernel gets none of the NIC's packets
  host.ports[0].kernel_interface = "dir0";
  const Findings findings = examine_ports(host, healthy());
  ASSERT_EQ(codes(findings), (Codes{"vip_on_director", "own_address_on_director"}));
  EXPECT_EQ(findings[0].severity, Severity::critical);
  EXPECT_EQ(findings[1].severity, Severity::warning);
}

TEST(DoctorCpus, HasNothingToSayOfAHealthyOne) {
  EXPECT_EQ(codes(examine_cpus(healthy_host())), Codes{});
}

TEST(DoctorCpus, WarnsOfWhatCostsSpeedOnlyWhereThereIsANic) {
  HostFacts host = healthy_host();
  host.hugepages = false;
  host.cpus[1].isolated = false;
  Findings findings = examine_cpus(host);
  ASSERT_EQ(codes(findings), (Codes{"hugepages_absent", "cpu_not_isolated"}));
  for (const Finding& finding : findings) EXPECT_EQ(finding.severity, Severity::warning);

  host.ports[0].is_nic = false;
  findings = examine_cpus(host);
  for (const Finding& finding : findings) EXPECT_EQ(finding.severity, Severity::info);
}

TEST(DoctorCpus, FindsLcoresThatShareACpuOrACore) {
  HostFacts host = healthy_host();
  host.workers[0].cpus = {0};
  host.cpus[0].isolated = true;
  EXPECT_EQ(codes(examine_cpus(host)), Codes{"lcores_share_cpu"});

  host = healthy_host();
  host.cpus[1].siblings = {0, 1};
  Findings findings = examine_cpus(host);
  ASSERT_EQ(codes(findings), Codes{"lcores_share_core"});
  EXPECT_EQ(findings[0].severity, Severity::info);  // with control

  host = healthy_host();
  host.workers.push_back({2, {2}, 0});
  host.cpus[2] = {true, "performance", {1, 2}};
  host.cpus[1].siblings = {1, 2};
  findings = examine_cpus(host);
  ASSERT_EQ(codes(findings), Codes{"lcores_share_core"});
  EXPECT_EQ(findings[0].severity, Severity::warning);  // two workers
}

TEST(DoctorCpus, FindsOneLcoreForAllAndLcoresWithoutWork) {
  HostFacts host = healthy_host();
  host.workers = {host.control};
  host.cpus[0].isolated = true;
  EXPECT_EQ(codes(examine_cpus(host)), Codes{"one_lcore"});

  host = healthy_host();
  host.unused_lcores = 2;
  EXPECT_EQ(codes(examine_cpus(host)), Codes{"lcores_unused"});
}

TEST(DoctorCpus, FindsWorkersThatWanderAndClocksThatSleep) {
  HostFacts host = healthy_host();
  host.workers[0].cpus = {1, 2};
  host.cpus[2] = {true, "powersave", {2}};
  EXPECT_EQ(codes(examine_cpus(host)), (Codes{"worker_not_pinned", "cpu_governor"}));
}

TEST(DoctorCpus, ReadsTheKernelsLists) {
  EXPECT_EQ(parse_cpu_list("0-2,5"), (std::vector<unsigned>{0, 1, 2, 5}));
  EXPECT_EQ(parse_cpu_list("3"), std::vector<unsigned>{3});
  EXPECT_EQ(parse_cpu_list(""), std::vector<unsigned>{});
  EXPECT_EQ(parse_cpu_list("(null)"), std::vector<unsigned>{});  // of nohz_full, if it is off
  EXPECT_EQ(parse_cpu_list("1-"), std::vector<unsigned>{1});
}

TEST(DoctorCpus, ReadsACpuFromSys) {
  const std::filesystem::path root = std::filesystem::path(testing::TempDir()) / "doctor-cpus";
  const auto write = [&](const std::string& file, const std::string& text) {
    std::filesystem::create_directories((root / file).parent_path());
    std::ofstream(root / file) << text << '\n';
  };
  write("isolated", "2-3");
  write("nohz_full", "(null)");
  write("cpu2/cpufreq/scaling_governor", "powersave");
  write("cpu2/topology/thread_siblings_list", "2,6");
  const CpuFacts second = read_cpu(root, 2), fourth = read_cpu(root, 4);
  std::filesystem::remove_all(root);
  EXPECT_TRUE(second.isolated);
  EXPECT_EQ(second.governor, "powersave");
  EXPECT_EQ(second.siblings, (std::vector<unsigned>{2, 6}));
  EXPECT_FALSE(fourth.isolated);
  EXPECT_EQ(fourth.governor, "");
  EXPECT_TRUE(fourth.siblings.empty());
}

}  // namespace
}  // namespace turnout::doctor_test
