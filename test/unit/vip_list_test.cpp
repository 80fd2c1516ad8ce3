// vip.list and vip.edit, on a configuration.
#include "control/vip_list.h"

#include <gtest/gtest.h>

#include "control/json_rpc.h"
#include "test/support/config_example.h"

namespace turnout::vip_list_test {
namespace {

Config ipv6_config() {
  return *parse_config(ipv6_example()).value;
}

TEST(VipList, HasWhatServicesHaveAndWhatIsConfigured) {
  Config config = ipv6_config();
  config.vips[0].depends_on_uplink = "lan";
  EXPECT_EQ(list_vips(config, {*parse_address("198.51.100.77")}), Json::parse(R"([
      {"address": "192.0.2.100", "echo": "yes", "unmatched": "drop", "services": 1,
       "depends_on_uplink": null, "withdrawn": false},
      {"address": "198.51.100.77", "echo": "no", "unmatched": "drop", "services": 0,
       "depends_on_uplink": null, "withdrawn": true},
      {"address": "2001:db8::100", "echo": "while_up", "unmatched": "reject", "services": 1,
       "depends_on_uplink": "lan", "withdrawn": false}])"));
  config.services.push_back(config.services[1]);
  config.services.back().key.port = 54;
  EXPECT_EQ(list_vips(config)[0]["services"], 2);
  EXPECT_EQ(list_vips(Config()), Json::array());
}

TEST(VipEdit, ChangesWhatIsGivenAndKeepsTheRest) {
  Config config = edit_vip(ipv6_config(), Json::parse(R"({"vip": "2001:DB8:0::100", "echo": "no"})"));
  EXPECT_EQ(config.vips[0],
            (VipConfig{*parse_address("2001:db8::100"), EchoPolicy::no, UnmatchedPolicy::reject}));
  config = edit_vip(config, Json::parse(R"({"vip": "192.0.2.100", "unmatched": "reject"})"));
  ASSERT_EQ(config.vips.size(), 3u);
  EXPECT_EQ(config.vips[2],
            (VipConfig{*parse_address("192.0.2.100"), EchoPolicy::yes, UnmatchedPolicy::reject}));
  EXPECT_EQ(edit_vip(config, Json::parse(R"({"vip": "192.0.2.100"})")).vips, config.vips);
}

TEST(VipEdit, TiesAVipToAnUplinkAndTakesThatBack) {
  Config config =
      edit_vip(ipv6_config(), Json::parse(R"({"vip": "192.0.2.100", "depends_on_uplink": "lan"})"));
  ASSERT_EQ(config.vips.size(), 3u);
  EXPECT_EQ(config.vips[2].depends_on_uplink, "lan");
  config = edit_vip(config, Json::parse(R"({"vip": "192.0.2.100", "echo": "yes"})"));
  EXPECT_EQ(config.vips.at(2).depends_on_uplink, "lan");
  config = edit_vip(config, Json::parse(R"({"vip": "192.0.2.100", "depends_on_uplink": ""})"));
  EXPECT_EQ(config.vips.size(), 2u);
}

TEST(VipEdit, ListsNoVipThatHasTheDefaults) {
  Config config = edit_vip(ipv6_config(), Json::parse(R"({"vip": "198.51.100.77", "echo": "yes"})"));
  EXPECT_EQ(config.vips.size(), 1u);
  config = edit_vip(config, Json::parse(R"({"vip": "192.0.2.100", "echo": "yes", "unmatched": "drop"})"));
  EXPECT_EQ(config.vips.size(), 1u);
}

struct Refused {
  const char* params;
  const char* pointer;
  const char* words;
};

TEST(VipEdit, RefusesWithAPointerIntoItsParameters) {
  for (const auto& [params, pointer, words] : {
           Refused{R"({})", "/vip", "missing"},
           {R"({"vip": 7})", "/vip", "7 is a number"},
           {R"({"vip": "www"})", "/vip", "no IP address"},
           {R"({"vip": "fe80::1"})", "/vip", "link-local"},
           {R"({"vip": "192.0.2.2", "echo": "yes"})", "/vip",
            "director's own address (/ports/0/addresses/0)"},
           {R"({"vip": "2001:db8::2", "echo": "no"})", "/vip",
            "director's own address (/ports/0/addresses/1)"},
           {R"({"vip": "192.0.2.255", "echo": "no"})", "/vip", "broadcast address"},
           {R"({"vip": "192.0.2.100", "echo": "maybe"})", "/echo", "\"yes\", \"no\" or \"while_up\""},
           {R"({"vip": "192.0.2.100", "unmatched": null})", "/unmatched", "null"},
           {R"({"vip": "192.0.2.100", "depends_on_uplink": "wan"})", "/depends_on_uplink",
            "no port \"wan\": use one of lan, dmz"},
           {R"({"vip": "192.0.2.100", "depends_on_uplink": "dmz"})", "/depends_on_uplink", "no IPv4 gateway"},
           {R"({"vip": "192.0.2.100", "ehco": "no"})", "/ehco",
            "known here: vip, echo, unmatched, depends_on_uplink"},
       }) {
    try {
      edit_vip(ipv6_config(), Json::parse(params));
      ADD_FAILURE() << "taken: " << params;
    } catch (const RpcError& error) {
      EXPECT_EQ(error.code, RpcCode::invalid_params) << params;
      EXPECT_EQ(error.data["errors"].size(), 1u) << params;
      EXPECT_EQ(error.data["pointer"], pointer) << params;
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace turnout::vip_list_test
