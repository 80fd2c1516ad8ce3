// How gateways are watched and which VIPs depend on that: read, written, refused and compared.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "test/support/config_example.h"

using namespace turnout;

namespace config_uplink_test {
namespace {

using namespace std::chrono_literals;

/// Two providers: the first with both families, the second with IPv4 only.
constexpr std::string_view kUplinks = R"({
  "ports": [
    { "name": "isp1", "device": "a", "addresses": ["203.0.113.2/24", "2001:db8:1::2/64"],
      "gateway": ["203.0.113.1", "fe80::1"],
      "uplink": { "echo": ["198.51.100.1", "2001:db8:f::1"], "interval": 0.5, "timeout": 0.25, "rise": 4, "fall": 1 } },
    { "name": "isp2", "device": "b", "addresses": ["192.0.2.2/24"], "gateway": "192.0.2.1",
      "uplink": { "echo": "198.51.100.2" } },
    { "name": "inside", "device": "c", "addresses": ["10.0.0.2/24", "2001:db8:3::2/64"] } ],
  "vips": [
    { "address": "203.0.113.100", "depends_on_uplink": "isp1" },
    { "address": "2001:db8:1::100", "depends_on_uplink": "isp1" } ]
})";

Json uplinks() {
  return *parse_json_text(std::string(kUplinks)).value;
}

TEST(ConfigUplink, IsRead) {
  const auto parsed = parse_config(uplinks());
  ASSERT_TRUE(parsed.value) << all_of(parsed.errors);
  const auto& ports = parsed.value->ports;
  EXPECT_EQ(ports[0].uplink.timings, (CheckTimings{500ms, 250ms, 4, 1}));
  EXPECT_EQ(ports[0].uplink.echo,
            (std::vector{*parse_address("198.51.100.1"), *parse_address("2001:db8:f::1")}));
  EXPECT_EQ(ports[1].uplink, (UplinkConfig{CheckTimings(), {*parse_address("198.51.100.2")}}));
  EXPECT_EQ(ports[2].uplink, UplinkConfig());
  EXPECT_EQ(parsed.value->vips[0].depends_on_uplink, "isp1");
}

TEST(ConfigUplink, IsWrittenAsItIsRead) {
  const Config config = *parse_config(uplinks()).value;
  const Json written = to_json(config);
  EXPECT_EQ(written["ports"][0]["uplink"], uplinks()["ports"][0]["uplink"]);
  EXPECT_EQ(written["ports"][1]["uplink"]["echo"], "198.51.100.2");
  EXPECT_EQ(written["ports"][2]["uplink"],
            Json::parse(R"({"interval": 2, "timeout": 1, "rise": 2, "fall": 3})"));
  EXPECT_EQ(to_json(*parse_config(written).value), written);
  EXPECT_FALSE(to_json(VipConfig{*parse_address("192.0.2.100")}).contains("depends_on_uplink"));
}

TEST(ConfigUplink, OfNothingIsNone) {
  const auto parsed = parse_config(changed(uplinks(), "/vips/0/depends_on_uplink", R"("")"));
  ASSERT_TRUE(parsed.value) << all_of(parsed.errors);
  EXPECT_EQ(parsed.value->vips[0].depends_on_uplink, "");
}

struct Refused {
  const char* path;
  const char* value;
  const char* pointer;
  const char* words;
};

TEST(ConfigUplink, IsRefusedWithPointerReasonAndRemedy) {
  for (const auto& [path, value, pointer, words] : {
           Refused{"/ports/0/uplink", "true", "/ports/0/uplink", "true is a truth value"},
           {"/ports/0/uplink/ehco", R"("198.51.100.1")", "/ports/0/uplink/ehco", "did you mean \"echo\""},
           {"/ports/0/uplink/interval", "0.01", "/ports/0/uplink/interval", "out of range"},
           {"/ports/0/uplink/fall", "0", "/ports/0/uplink/fall", "out of range"},
           {"/ports/0/uplink/echo", R"("www")", "/ports/0/uplink/echo", "no IP address"},
           {"/ports/0/uplink/echo", R"(["198.51.100.1", "fe80::7"])", "/ports/0/uplink/echo/1", "link-local"},
           {"/ports/0/uplink/echo", R"(["2001:db8:f::2", "2001:db8:f::1"])", "/ports/0/uplink/echo/1",
            "second IPv6 target beside 2001:db8:f::2"},
           {"/ports/0/uplink/echo", R"("203.0.113.9")", "/ports/0/uplink/echo",
            "on the subnet 203.0.113.0/24 of port isp1: give an address that is reached only through"},
           {"/ports/0/uplink/echo", R"("2001:db8:3::9")", "/ports/0/uplink/echo", "of port inside"},
           {"/ports/0/gateway", R"("fe80::1")", "/vips/0/depends_on_uplink", "isp1 has no IPv4 gateway"},
           {"/ports/1/uplink/echo", R"("2001:db8:f::1")", "/ports/1/uplink/echo",
            "port isp2 has no IPv6 gateway; give it one, or remove the target"},
           {"/ports/1/gateway", R"("nowhere")", "/ports/1/gateway", "no IP address"},
           {"/ports/1/gateway", "", "/ports/1/uplink", "no gateway to watch"},
           {"/ports/1/gateway", R"("fe80::1")", "/ports/1/uplink/echo", "has no IPv4 gateway"},
           {"/ports/2/uplink", R"({"rise": 1})", "/ports/2/uplink", "port inside has no gateway to watch"},
           {"/vips/0/depends_on_uplink", "7", "/vips/0/depends_on_uplink", "7 is a number"},
           {"/vips/0/depends_on_uplink", R"("isp3")", "/vips/0/depends_on_uplink",
            "no port \"isp3\": use one of isp1, isp2, inside"},
           {"/vips/0/depends_on_uplink", R"("inside")", "/vips/0/depends_on_uplink",
            "port inside has no IPv4 gateway that would say"},
           {"/vips/1/depends_on_uplink", R"("isp2")", "/vips/1/depends_on_uplink", "no IPv6 gateway"},
       }) {
    Json document = changed(uplinks(), path, value);
    if (std::string(path) == "/ports/0/gateway") document["ports"][0].erase("uplink");
    const auto parsed = parse_config(document);
    ASSERT_EQ(parsed.errors.size(), 1u) << path << "\n" << all_of(parsed.errors);
    EXPECT_EQ(parsed.errors[0].pointer, pointer);
    EXPECT_NE(parsed.errors[0].reason.find(words), std::string::npos) << parsed.errors[0].reason;
  }
}

TEST(ConfigUplink, AFarTargetNeedsAnAddressToAnswerTo) {
  Json document = changed(uplinks(), "/ports/0/addresses", R"(["203.0.113.2/24"])");
  const auto parsed = parse_config(document);
  ASSERT_EQ(parsed.errors.size(), 1u) << all_of(parsed.errors);
  EXPECT_EQ(parsed.errors[0].pointer, "/ports/0/uplink/echo/1");
  EXPECT_NE(parsed.errors[0].reason.find("has no IPv6 address"), std::string::npos)
      << parsed.errors[0].reason;
}

TEST(ConfigUplink, NeedsARestartToChange) {
  const Config from = *parse_config(uplinks()).value;
  const Config to = *parse_config(changed(uplinks(), "/ports/1/uplink/fall", "5")).value;
  const ConfigErrors errors = check_unchangeable(from, to);
  ASSERT_EQ(errors.size(), 1u) << all_of(errors);
  EXPECT_EQ(errors[0].pointer, "/ports/1/uplink/fall");
}

TEST(ConfigUplink, OfAVipMayChangeAndIsTold) {
  const Config from = *parse_config(uplinks()).value;
  Config to = from;
  to.vips[0].depends_on_uplink = "isp2";
  to.vips[1].depends_on_uplink = "";
  EXPECT_TRUE(check_unchangeable(from, to).empty());
  EXPECT_EQ(
      describe_changes(from, to),
      (std::vector<std::string>{"vip 203.0.113.100: change depends_on_uplink from \"isp1\" to \"isp2\"",
                                "vip 2001:db8:1::100: change depends_on_uplink from \"isp1\" to none"}));
}

}  // namespace
}  // namespace config_uplink_test
