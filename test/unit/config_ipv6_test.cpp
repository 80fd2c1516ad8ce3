// What a configuration with both families, VLANs and settings of VIPs means, read and written.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "test/support/config_example.h"

using namespace turnout;

namespace config_ipv6_test {
namespace {

Config ipv6_config() {
  return *parse_config(ipv6_example()).value;
}

TEST(Ipv6Config, ReadsTheExample) {
  const auto parsed = parse_config(ipv6_example());
  ASSERT_TRUE(parsed.value) << all_of(parsed.errors);
  const Config& config = *parsed.value;
  const PortConfig& lan = config.ports[0];
  const PortConfig& dmz = config.ports[1];
  EXPECT_EQ(lan.addresses[1].to_string(), "2001:db8::2/64");
  EXPECT_EQ(lan.gateways, (std::vector{*parse_address("192.0.2.1"), *parse_address("fe80::1")}));
  EXPECT_EQ(dmz.gateways, std::vector{*parse_address("2001:db8:1::3")});
  EXPECT_EQ(lan.vlan, 0);
  EXPECT_EQ(dmz.vlan, 4094);
  EXPECT_EQ(lan.mtu, 9000);
  EXPECT_EQ(dmz.mtu, std::nullopt);
  EXPECT_EQ(lan.kernel_interface, "turnout0");
  EXPECT_EQ(dmz.kernel_interface, "");
  EXPECT_EQ(config.connections.capacity_ipv6, 1024u);
  EXPECT_EQ(config.vips, (std::vector<VipConfig>{
                             {*parse_address("2001:db8::100"), EchoPolicy::while_up, UnmatchedPolicy::reject},
                             {*parse_address("198.51.100.77"), EchoPolicy::no, UnmatchedPolicy::drop}}));
  EXPECT_EQ(config.services[0].key.to_string(), "tcp [2001:db8::100]:80");
  EXPECT_EQ(port_of(config, *parse_address("2001:db8::77")), 0u);
  EXPECT_EQ(port_of(config, *parse_address("2001:db8:1::3")), 1u);
  EXPECT_FALSE(port_of(config, *parse_address("2001:db8:2::3")));
}

TEST(Ipv6Config, HasDefaults) {
  const Config config = example_config();
  EXPECT_EQ(config.connections.capacity_ipv6, std::nullopt);
  EXPECT_EQ(config.ports[0].mtu, std::nullopt);
  EXPECT_TRUE(config.vips.empty());
}

TEST(Ipv6Config, AcceptsTheEdgesOfEachRange) {
  struct Accepted {
    const char* path;
    const char* value;
  };
  for (const auto& [path, value] : {
           Accepted{"/ports/0/addresses/2", R"("fd00::1/16")"},
           {"/ports/0/addresses/2", R"("2001:db8:3::/127")"},  // no role in it: RFC 6164
           {"/ports/0/addresses/2", R"("2001:db8:3::/128")"},
           {"/ports/0/addresses/2", R"("2001:db8::4/64")"},  // a second one on the same subnet
           {"/ports/0/gateway", "[]"},
           {"/ports/0/gateway", R"(["fe80::1"])"},
           {"/ports/0/gateway", R"(["febf::1", "192.0.2.1"])"},
           {"/ports/0/gateway", R"("2001:db8::ffff:ffff:ffff:ffff")"},  // no broadcast in IPv6
           {"/ports/1/vlan", "1"},
           {"/ports/0/mtu", "1280"},
           {"/ports/0/mtu", "9600"},
           {"/ports/1/mtu", "9000"},
           {"/ports/1/rx_queues", "2"},
           {"/ports/0/kernel_interface", R"("abcdefghijklmno")"},
           {"/connections/capacity_ipv6", "1073741824"},
           {"/services/0/vip", R"("2001:db8:77::1")"},
           {"/services/0/vip", R"("fd00::1")"},
           {"/vips", "[]"},
           {"/vips/0/echo", R"("yes")"},
           {"/vips/0/echo", R"("no")"},
           {"/vips/0/unmatched", R"("drop")"},
           {"/vips/0/address", R"("203.0.113.7")"},  // no service has it
       }) {
    const auto parsed = parse_config(changed(ipv6_example(), path, value));
    ASSERT_TRUE(parsed.value) << path << " " << value << "\n" << all_of(parsed.errors);
    const Json written = to_json(*parsed.value);
    EXPECT_EQ(to_json(*parse_config(written).value), written) << path << " " << value;
  }
}

TEST(Ipv6Config, TakesASmallMtuWithoutIpv6Only) {
  EXPECT_TRUE(parse_config(example_with("/ports/0/mtu", "576")).value);
  Json beside = example_with("/ports/0/mtu", "1000");
  beside["ports"][1] = Json::parse(
      R"({"name": "v6", "device": "net_af_packet0", "vlan": 7, "addresses": ["2001:db8::2/64"]})");
  const auto parsed = parse_config(beside);
  ASSERT_EQ(parsed.errors.size(), 1u) << all_of(parsed.errors);
  EXPECT_EQ(parsed.errors[0].pointer, "/ports/0/mtu");
  EXPECT_NE(parsed.errors[0].reason.find("2001:db8::2/64 on the device (/ports/1/addresses/0)"),
            std::string::npos)
      << parsed.errors[0].reason;
}

TEST(Ipv6Config, IsWrittenInCanonicalForm) {
  struct Spelling {
    const char* written;
    const char* canonical;  // RFC 5952
  };
  for (const auto& [written, canonical] : {
           Spelling{"2001:0DB8:0000:0000:0000:0000:0000:0100", "2001:db8::100"},
           {"2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1"},
           {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
           {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // a single zero is not shortened
           {"2001:DB8::192.0.2.1", "2001:db8::c000:201"},
       }) {
    const std::string quoted = "\"" + std::string(written) + "\"";
    const auto parsed = parse_config(changed(ipv6_example(), "/services/0/vip", quoted));
    ASSERT_TRUE(parsed.value) << written << "\n" << all_of(parsed.errors);
    EXPECT_EQ(to_json(*parsed.value)["services"][0]["vip"], canonical);
    EXPECT_EQ(parsed.value->services[0].key.to_string(), "tcp [" + std::string(canonical) + "]:80");
  }
}

TEST(Ipv6ConfigJson, RoundTrips) {
  const Json document = to_json(ipv6_config());
  EXPECT_EQ(to_json(*parse_config(document).value), document);
  Json port = ipv6_example()["ports"][0];
  port["uplink"] = {{"interval", 2}, {"timeout", 1}, {"rise", 2}, {"fall", 3}};
  port.update({{"spread", "auto"}, {"rebalance", false}});
  EXPECT_EQ(document["ports"][0], port);
  EXPECT_EQ(document["ports"][1]["gateway"], "2001:db8:1::3");
  EXPECT_EQ(document["ports"][1]["vlan"], 4094);
  EXPECT_EQ(document["connections"]["capacity_ipv6"], 1024);
  EXPECT_EQ(document["vips"], Json::parse(R"([
      {"address": "2001:db8::100", "echo": "while_up", "unmatched": "reject"},
      {"address": "198.51.100.77", "echo": "no", "unmatched": "drop"}])"));
}

TEST(Ipv6ConfigJson, LeavesOutWhatIsNotSet) {
  const Json document = to_json(example_config());
  for (const char* key : {"mtu", "kernel_interface"}) EXPECT_FALSE(document["ports"][0].contains(key)) << key;
  EXPECT_FALSE(document["connections"].contains("capacity_ipv6"));
  EXPECT_EQ(document["vips"], Json::array());
}

TEST(Ipv6ConfigJson, WritesGatewaysAsTheyAreFew) {
  PortConfig port;
  EXPECT_EQ(gateways_to_json(port), Json(nullptr));
  port.gateways = {*parse_address("fe80::1")};
  EXPECT_EQ(gateways_to_json(port), Json("fe80::1"));
  port.gateways.push_back(*parse_address("192.0.2.1"));
  EXPECT_EQ(gateways_to_json(port), Json({"fe80::1", "192.0.2.1"}));
}

TEST(Ipv6ConfigParts, AreReadWithPointersFromWhereTheyStand) {
  EXPECT_EQ(parse_vip(ipv6_example()["vips"][1]).value, ipv6_config().vips[1]);
  EXPECT_EQ(parse_vip(Json::parse(R"({"address": "192.0.2.7", "echo": 1})"), "/x").errors[0].pointer,
            "/x/echo");
  EXPECT_EQ(parse_host_address(Json("2001:DB8::1"), "/vip").value, parse_address("2001:db8::1"));
  EXPECT_EQ(parse_host_address(Json(7), "/vip").errors[0].pointer, "/vip");
  EXPECT_EQ(parse_service_key(Json::parse(R"({"vip": "2001:DB8::1", "protocol": "udp", "port": 53})"))
                .value->to_string(),
            "udp [2001:db8::1]:53");
}

TEST(Ipv6Config, BoundsTheNumberOfVips) {
  Config config = example_config();
  for (uint32_t i = 0; i <= 32000; ++i) {
    config.vips.push_back({boost::asio::ip::address_v4(0x0a000001 + i)});
  }
  ASSERT_EQ(check_config(config).size(), 1u);
  EXPECT_EQ(check_config(config)[0].to_string(),
            "/vips: 32001 VIPs: at most 32000 are possible, remove some");
}

}  // namespace
}  // namespace config_ipv6_test
