// The rules of IPv6, VLANs, MTU, kernel interfaces and the VIPs' settings: a change to the example, and the
// one error it must give.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "test/support/config_example.h"

using namespace turnout;

namespace config_ipv6_rules_test {
namespace {

struct Refused {
  const char* path;     // what to change in the example
  const char* value;    // its new value; empty: removed
  const char* pointer;  // where the one error must be
  std::vector<const char*> words;
};

void PrintTo(const Refused& row, std::ostream* out) {
  *out << row.path << " = " << row.value;
}

class Ipv6ConfigRefuses : public testing::TestWithParam<Refused> {};

TEST_P(Ipv6ConfigRefuses, WithPointerReasonAndRemedy) {
  const Refused& row = GetParam();
  const auto parsed = parse_config(changed(ipv6_example(), row.path, row.value));
  EXPECT_FALSE(parsed.value);
  ASSERT_EQ(parsed.errors.size(), 1u) << all_of(parsed.errors);
  EXPECT_EQ(parsed.errors[0].pointer, row.pointer) << parsed.errors[0].reason;
  for (const char* word : row.words)
    EXPECT_NE(parsed.errors[0].reason.find(word), std::string::npos)
        << "\"" << word << "\" is not in: " << parsed.errors[0].reason;
}

constexpr const char* kOwn = "/ports/0/addresses/1";
const Refused kPortAddresses[] = {
    {kOwn, R"("2001:db8::2")", kOwn, {"prefix length", "2001:db8::2/64"}},
    {kOwn, R"("2001:db8::2/129")", kOwn, {"prefix length"}},
    {kOwn, R"("2001:db8::2/15")", kOwn, {"too short", "/16 to /128"}},
    {kOwn, R"("[2001:db8::2]/64")", kOwn, {"no address with its prefix length"}},
    {kOwn, R"("2001:db8::g/64")", kOwn, {"no address with its prefix length"}},
    {kOwn, R"("::/64")", kOwn, {"unspecified", "one host's IPv6 address"}},
    {kOwn, R"("::1/64")", kOwn, {"loopback", "one host's IPv6 address"}},
    {kOwn, R"("ff02::1/64")", kOwn, {"ff00::/8, multicast"}},
    {kOwn, R"("::ffff:192.0.2.2/120")", kOwn, {"::ffff:0:0/96", "write it as 192.0.2.2"}},
    {kOwn, R"("::192.0.2.2/120")", kOwn, {"::/96, IPv4-compatible"}},
    {kOwn, R"("fe80::2/64")", kOwn, {"link-local", "derives from its MAC address", "remove it"}},
    {kOwn, R"("febf:ffff::2/64")", kOwn, {"link-local"}},
    {kOwn, R"("fe80::2%eth0/64")", kOwn, {"zone id", "remove the %"}},
    {kOwn, R"("2001:db8::/64")", kOwn, {"2001:db8::/64 is its subnet's network (subnet-router anycast)"}},
    {kOwn, R"("2001:db8::4/126")", kOwn, {"subnet-router anycast", "use one of a host"}},
    {kOwn, R"("2001:db8:1::4/64")", "/ports/1/addresses/0", {"overlaps 2001:db8:1::4/64 of port lan", kOwn}},
    {"/ports/0/addresses/2",
     R"("2001:DB8:0::2/64")",
     "/ports/0/addresses/2",
     {"2001:db8::2 is given already", kOwn}},
    {"/ports/1/addresses/1",
     R"("2001:db8:0:0:1::1/80")",
     "/ports/1/addresses/1",
     {"overlaps 2001:db8::2/64 of port lan"}},
};
INSTANTIATE_TEST_SUITE_P(PortAddresses, Ipv6ConfigRefuses, testing::ValuesIn(kPortAddresses));

constexpr const char* kGateway = "/ports/0/gateway/1";
const Refused kGateways[] = {
    {"/ports/0/gateway/2", R"("2001:db8::1")", "/ports/0/gateway/2", {"second IPv6 gateway beside fe80::1"}},
    {"/ports/0/gateway",
     R"("2001:db8:77::1")",
     "/ports/0/gateway",
     {"none of the port's subnets (192.0.2.0/24, 2001:db8::/64)", "router"}},
    {"/ports/0/gateway",
     R"(["2001:db8::1", "2001:db8:77::1"])",
     kGateway,
     {"second IPv6 gateway beside 2001:db8::1", "one of each family"}},
    {"/ports/0/gateway", R"(["192.0.2.1", "192.0.2.3"])", kGateway, {"second IPv4 gateway beside 192.0.2.1"}},
    {"/ports/0/gateway", R"(["192.0.2.1", 7])", kGateway, {"7 is a number", "text"}},
    {"/ports/0/gateway", R"(["nowhere", "192.0.2.1"])", "/ports/0/gateway/0", {"no IP address"}},
    {"/ports/0/gateway",
     R"(["2001:db8::1", "192.0.2.255"])",
     kGateway,
     {"broadcast address of 192.0.2.0/24"}},
    {"/ports/0/gateway", R"({"ipv6": "fe80::1"})", "/ports/0/gateway", {"an object", "text"}},
    {"/ports/0/gateway", R"("fe80::1%lan")", "/ports/0/gateway", {"zone id", "the port says which link"}},
    {"/ports/0/gateway",
     R"("2001:db8::")",
     "/ports/0/gateway",
     {"network (subnet-router anycast) address of 2001:db8::/64"}},
    {"/ports/0/gateway",
     R"("2001:db8::0:2")",
     "/ports/0/gateway",
     {"2001:db8::2 is the director's own", kOwn}},
    {"/ports/0/gateway", R"("fe80::")", "/ports/0/gateway", {"fe80:: is the network", "of fe80::/64"}},
    {"/ports/0/gateway", R"("::1")", "/ports/0/gateway", {"loopback"}},
};
INSTANTIATE_TEST_SUITE_P(Gateways, Ipv6ConfigRefuses, testing::ValuesIn(kGateways));

const Refused kDevices[] = {
    {"/ports/1/vlan", "-1", "/ports/1/vlan", {"-1 is out of range", "0 to 4094"}},
    {"/ports/1/vlan", "4095", "/ports/1/vlan", {"out of range", "0 to 4094"}},
    {"/ports/1/vlan", R"("7")", "/ports/1/vlan", {"is text", "whole number"}},
    {"/ports/1/vlan",
     "0",
     "/ports/1/device",
     {"\"0000:3b:00.0\" is given already at /ports/0/device", "without a VLAN", "another vlan"}},
    {"/ports/1/vlan", "", "/ports/1/device", {"without a VLAN"}},
    {"/ports/0/vlan", "4094", "/ports/1/device", {"with VLAN 4094"}},
    {"/ports/0/mtu", "9601", "/ports/0/mtu", {"out of range", "576 to 9600"}},
    {"/ports/0/mtu", "575", "/ports/0/mtu", {"out of range"}},
    {"/ports/0/mtu",
     "1279",
     "/ports/0/mtu",
     {"1279 is less than the 1280", "2001:db8::2/64", kOwn, "1280 to 9600"}},
    {"/ports/1/mtu",
     "1500",
     "/ports/1/mtu",
     {"1500 of port dmz differs from 9000 of port lan (/ports/0/mtu)", "0000:3b:00.0", "one mtu"}},
    {"/ports/1/rx_queues",
     "4",
     "/ports/1/rx_queues",
     {"4 of port dmz differs from 2 of port lan (/ports/0/rx_queues)"}},
    {"/ports/1/kernel_interface",
     R"("turnout0")",
     "/ports/1/kernel_interface",
     {"given already at /ports/0/kernel_interface"}},
};
INSTANTIATE_TEST_SUITE_P(Devices, Ipv6ConfigRefuses, testing::ValuesIn(kDevices));

TEST(Ipv6ConfigRules, PortsOfADeviceSpreadAlikeInSoftware) {
  Json document = changed(ipv6_example(), "/ports/0/spread", R"("off")");
  EXPECT_TRUE(parse_config(document).value) << "the other leaves it to this one";
  document["ports"][1]["spread"] = "on";
  const auto parsed = parse_config(document);
  ASSERT_EQ(parsed.errors.size(), 1u);
  EXPECT_EQ(parsed.errors[0].pointer, "/ports/1/spread");
  EXPECT_NE(parsed.errors[0].reason.find("on of port dmz differs from off of port lan"), std::string::npos)
      << parsed.errors[0].reason;
}

constexpr const char* kKernel = "/ports/0/kernel_interface";
const Refused kKernelInterfaces[] = {
    {kKernel, R"("")", kKernel, {"empty"}},
    {kKernel, R"("turnout012345678")", kKernel, {"16 bytes", "1 to 15 characters"}},
    {kKernel, R"("a/b")", kKernel, {"a/b", "'/'"}},
    {kKernel, R"("a:1")", kKernel, {"':'"}},
    {kKernel, R"("a b")", kKernel, {"blank"}},
    {kKernel, R"("tap%d")", kKernel, {"'%'"}},
    {kKernel, R"(".")", kKernel, {"meaning of its own"}},
    {kKernel, R"("..")", kKernel, {"meaning of its own"}},
    {kKernel, R"("lo")", kKernel, {"meaning of its own", "turnout0"}},
    {kKernel, R"("all")", kKernel, {"meaning of its own"}},
    {kKernel, R"("default")", kKernel, {"meaning of its own"}},
    {kKernel, "1", kKernel, {"number", "text"}},
};
INSTANTIATE_TEST_SUITE_P(KernelInterfaces, Ipv6ConfigRefuses, testing::ValuesIn(kKernelInterfaces));

constexpr const char* kVip = "/services/0/vip";
constexpr const char* kServer = "/services/0/real_servers/1/address";
const Refused kServices[] = {
    {"/connections/capacity_ipv6",
     "1023",
     "/connections/capacity_ipv6",
     {"out of range", "1024 to 1073741824"}},
    {"/connections/capacity_ipv6", "1073741825", "/connections/capacity_ipv6", {"out of range"}},
    {kVip, R"("::")", kVip, {"unspecified"}},
    {kVip, R"("::1")", kVip, {"loopback"}},
    {kVip, R"("ff0e::100")", kVip, {"multicast"}},
    {kVip, R"("::ffff:c000:0264")", kVip, {"::ffff:0:0/96", "write it as 192.0.2.100"}},
    {kVip, R"("fe80::100")", kVip, {"fe80::/10, link-local", "global or a unique local"}},
    {kVip, R"("2001:db8::100%1")", kVip, {"zone id", "remove the %"}},
    {kVip, R"("[2001:db8::100]")", kVip, {"no IP address", "2001:db8::100"}},
    {kVip, R"("2001:db8::1::2")", kVip, {"no IP address"}},
    {kVip, R"("2001:db8::2")", kVip, {"director's own address (/ports/0/addresses/1)"}},
    {kVip,
     R"("2001:db8:0:0::")",
     kVip,
     {"2001:db8:: is the network (subnet-router anycast) address of 2001:db8::/64"}},
    {kServer,
     R"("192.0.2.12")",
     kServer,
     {"192.0.2.12 is an IPv4 address", "2001:db8::100 an IPv6 one",
      "a service's real servers are of its family"}},
    {"/services/1/real_servers/0/address",
     R"("2001:db8::11")",
     "/services/1/real_servers/0/address",
     {"2001:db8::11 is an IPv6 address", "192.0.2.100 an IPv4 one", "give the server's IPv4 address"}},
    {kServer,
     R"("2001:0DB8::0011")",
     kServer,
     {"2001:db8::11 is given already at /services/0/real_servers/0"}},
    {kServer, R"("2001:db8:0:0:0::2")", kServer, {"2001:db8::2 is the director's own address"}},
    {kServer, R"("2001:db8::")", kServer, {"network (subnet-router anycast)"}},
    {kServer,
     R"("2001:db8:77::11")",
     kServer,
     {"on no port's subnet (lan 192.0.2.0/24, 2001:db8::/64; dmz 2001:db8:1::2/127)", "Direct Routing"}},
    {kServer, R"("fe80::11")", kServer, {"link-local"}},
    {kServer, R"("::ffff:192.0.2.12")", kServer, {"write it as 192.0.2.12"}},
    {kServer, R"("ff02::11")", kServer, {"multicast"}},
    {"/services/2",
     R"({"vip": "2001:DB8:0::100", "protocol": "tcp", "port": 80})",
     "/services/2",
     {"tcp [2001:db8::100]:80 is given already at /services/0"}},
    {"/services/2",
     R"({"vip": "2001:db8::11", "protocol": "tcp", "port": 80})",
     "/services/0/real_servers/0/address",
     {"virtual service's address (/services/2/vip)"}},
};
INSTANTIATE_TEST_SUITE_P(Services, Ipv6ConfigRefuses, testing::ValuesIn(kServices));

const Refused kVips[] = {
    {"/vips", "{}", "/vips", {"list"}},
    {"/vips/0", R"("2001:db8::100")", "/vips/0", {"is text", "object"}},
    {"/vips/0/ehco", "1", "/vips/0/ehco", {"did you mean \"echo\""}},
    {"/vips/0/address", "", "/vips/0/address", {"missing", "VIP"}},
    {"/vips/0/address", R"("www")", "/vips/0/address", {"no IP address"}},
    {"/vips/0/address", R"("127.0.0.1")", "/vips/0/address", {"loopback"}},
    {"/vips/0/address",
     R"("192.0.2.2")",
     "/vips/0/address",
     {"director's own address (/ports/0/addresses/0)", "remove it"}},
    {"/vips/0/address", R"("2001:db8::2")", "/vips/0/address", {"director's own address"}},
    {"/vips/0/address", R"("192.0.2.255")", "/vips/0/address", {"broadcast address of 192.0.2.0/24"}},
    {"/vips/2",
     R"({"address": "2001:db8:0::0100"})",
     "/vips/2/address",
     {"2001:db8::100 is given already at /vips/0/address", "remove"}},
    {"/vips/0/echo", R"("maybe")", "/vips/0/echo", {"maybe", "\"yes\", \"no\" or \"while_up\""}},
    {"/vips/0/echo", "true", "/vips/0/echo", {"truth value", "text"}},
    {"/vips/0/unmatched", R"("accept")", "/vips/0/unmatched", {"accept", "\"drop\" or \"reject\""}},
};
INSTANTIATE_TEST_SUITE_P(Vips, Ipv6ConfigRefuses, testing::ValuesIn(kVips));

}  // namespace
}  // namespace config_ipv6_rules_test
