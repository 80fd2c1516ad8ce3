// A configuration that is saved into its file: what it is to mean, and what stays of the operator's own
// words.
#include "control/config_merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "control/json_text.h"
#include "test/support/config_example.h"
#include "test/support/test_config.h"

namespace turnout::config_merge_test {
namespace {

Config read(const std::string& text) {
  const Parsed<Json> document = parse_json_text(text);
  EXPECT_TRUE(document.value) << all_of(document.errors) << text;
  const Parsed<Config> config = parse_config(document.value.value_or(Json()));
  EXPECT_TRUE(config.value) << all_of(config.errors) << text;
  return config.value.value_or(Config());
}

/// `text` after `change` was made to what it means and saved.
template <typename Change>
std::string saved(const std::string& text, Change change) {
  const Config file = read(text);
  Config running = file;
  change(running);
  const auto merged = merge_into_text(text, file, running);
  EXPECT_TRUE(merged) << text;
  EXPECT_TRUE(!merged || mean_the_same(read(*merged), running)) << merged.value_or("");
  return merged.value_or("");
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

const std::string kText(kExample);

TEST(ConfigMerge, TheExamplesAreTakenApartAndPutTogether) {
  EXPECT_EQ(JsonText::parse(kExample)->to_string(), kExample);
  EXPECT_EQ(JsonText::parse(kIpv6Example)->to_string(), kIpv6Example);
}

TEST(ConfigMerge, WithoutAChangeTheTextStays) {
  EXPECT_EQ(saved(kText, [](Config&) {}), kText);
  EXPECT_EQ(saved(std::string(kIpv6Example), [](Config&) {}), kIpv6Example);
}

TEST(ConfigMerge, AChangedWeightIsAllThatChanges) {
  EXPECT_EQ(saved(kText, [](Config& config) { config.services[0].real_servers[0].weight = 0; }),
            replaced(kText, R"("192.0.2.11", "weight": 1)", R"("192.0.2.11", "weight": 0)"));
}

TEST(ConfigMerge, AServerIsAddedAsTheOthersAreWritten) {
  EXPECT_EQ(saved(kText,
                  [](Config& config) {
                    config.services[0].real_servers.push_back({ip("192.0.2.13"), 3, {}});
                    config.services[0].real_servers.push_back({ip("192.0.2.14"), 1, {}});
                  }),
            replaced(kText, R"("02:00:00:00:00:12" })",
                     "\"02:00:00:00:00:12\" },\n        { \"address\": \"192.0.2.13\", \"weight\": 3 },\n"
                     "        { \"address\": \"192.0.2.14\" }"));
}

TEST(ConfigMerge, AMemberThatIsLeftOutComesOnlyWhenItDiffers) {
  EXPECT_EQ(saved(kText, [](Config& config) { config.autosave = true; }),
            replaced(kText, "control.sock\" }", "control.sock\", \"autosave\": true }"));
  EXPECT_EQ(saved(kText, [](Config& config) { config.services[0].slow_start = 30; }),
            replaced(kText, "\"health\": { \"type\": \"none\" },",
                     "\"health\": { \"type\": \"none\" },\n      \"slow_start\": 30,"));
  EXPECT_EQ(saved(kText, [](Config& config) { config.connections.timeouts.udp = 5; }),
            replaced(kText, "\"udp\": 300", "\"udp\": 5"));
}

TEST(ConfigMerge, WhatIsSaidStaysSaidThoughItIsTheDefault) {
  const std::string text = replaced(kText, "\"weight\": 1", "\"weight\": 5");
  EXPECT_EQ(saved(text, [](Config& config) { config.services[0].real_servers[0].weight = 1; }), kText);
}

TEST(ConfigMerge, OnlyWhatATypeOfCheckNeedsIsWritten) {
  EXPECT_EQ(saved(kText,
                  [](Config& config) {
                    config.services[0].health.type = HealthType::http;
                    config.services[0].health.path = "/up";
                  }),
            replaced(kText, R"({ "type": "none" })", R"({ "type": "http", "path": "/up" })"));
}

TEST(ConfigMerge, ANewServiceSaysWhatIsItsOwn) {
  const std::string text = saved(kText, [](Config& config) {
    config.services.push_back(service({ip("192.0.2.101"), Protocol::udp, 53}, {12}, SchedulerKind::rr));
    config.services.back().health.type = HealthType::icmp;
    config.services.back().maglev_table_size = config.services.front().maglev_table_size;
    config.services.back().flags = {};
  });
  EXPECT_EQ(text, replaced(kText, R"("02:00:00:00:00:12" } ] } ])", R"("02:00:00:00:00:12" } ] },
    {
      "vip": "192.0.2.101",
      "protocol": "udp",
      "port": 53,
      "scheduler": "rr",
      "real_servers": [
        { "address": "192.0.2.12" }
      ]
    } ])"));
}

TEST(ConfigMerge, WhatADefaultDependsOnMayChange) {
  const std::string text = replaced(kText, R"("scheduler": "mh")", R"("scheduler": "rr")");
  EXPECT_EQ(saved(text,
                  [](Config& config) {
                    config.services[0].scheduler = SchedulerKind::mh;
                    config.services[0].flags = default_flags(SchedulerKind::mh);
                  }),
            kText)
      << "the flags that mh has go without saying";
  EXPECT_EQ(
      saved(text,
            [](Config& config) {
              config.services[0].scheduler = SchedulerKind::mh;
              config.services[0].flags = {};
            }),
      replaced(kText, R"("scheduler": "mh", )", "\"scheduler\": \"mh\",\n      \"scheduler_flags\": [], "))
      << "that it has none does not";
}

TEST(ConfigMerge, MaintenanceComesAndGoesByServer) {
  const std::string text = replaced(kText, R"("services": [)", R"("maintenance": [
    "192.0.2.11", // its disk
    "192.0.2.12"  // its fan
  ],
  "services": [)");
  EXPECT_EQ(saved(text, [](Config& config) { config.maintenance.pop_back(); }),
            replaced(replaced(text, "\n    \"192.0.2.12\"  // its fan", ""), "\"192.0.2.11\", //",
                     "\"192.0.2.11\" //"));
  EXPECT_EQ(saved(text, [](Config& config) { config.maintenance.erase(config.maintenance.begin()); }),
            replaced(text, "\n    \"192.0.2.11\", // its disk", ""));
  EXPECT_EQ(saved(text, [](Config& config) { config.maintenance.clear(); }),
            replaced(kText, R"("services": [)", "\"maintenance\": [],\n  \"services\": ["));
}

TEST(ConfigMerge, GroupsAndRangesAreFoundByTheirNames) {
  const std::string text = R"({ "ports": [ { "name": "lan", "device": "d", "addresses": ["192.0.2.2/24"] } ],
    "services": [
      { "group": 7, // the shop
        "members": [ { "vip": "192.0.2.100", "protocol": "tcp", "port": 80 }, // plain
                     { "vip": "192.0.2.100", "protocol": "tcp", "port": 443 } // secure
                   ],
        "real_servers": [ { "address": "192.0.2.11" } ] },
      { "vip": "192.0.2.100", "protocol": "udp", "port": "8000-8099", // games
        "real_servers": [] }
    ] })";
  EXPECT_EQ(saved(text,
                  [](Config& config) {
                    config.services[0].members.erase(config.services[0].members.begin());
                    config.services[0].real_servers[0].upper_threshold = 9;
                    config.services[1].one_packet = true;
                  }),
            R"({ "ports": [ { "name": "lan", "device": "d", "addresses": ["192.0.2.2/24"] } ],
    "services": [
      { "group": 7, // the shop
        "members": [ { "vip": "192.0.2.100", "protocol": "tcp", "port": 443 } // secure
                   ],
        "real_servers": [ { "address": "192.0.2.11", "upper_threshold": 9 } ] },
      { "vip": "192.0.2.100", "protocol": "udp", "port": "8000-8099", // games
        "one_packet": true,
        "real_servers": [] }
    ] })");
}

TEST(ConfigMerge, TwoSpellingsOfOneThingDoNotMeet) {
  const std::string text = R"({ "ports": [ { "name": "lan", "device": "d", "addresses": ["192.0.2.2/24"] } ],
    "services": [ { "vip": "192.0.2.100", "protocol": "udp", "port": 53,
      "health": { "type": "udp", "expect_hex": "4142" } } ] })";
  EXPECT_EQ(saved(text, [](Config& config) { config.services[0].health.expect = "XY"; }),
            replaced(text, R"("expect_hex": "4142")", R"("expect": "XY")"));
  EXPECT_EQ(saved(text, [](Config& config) { config.services[0].health.send = "Q"; }),
            replaced(text, R"("expect_hex")", R"("send": "Q", "expect_hex")"));
}

TEST(ConfigMerge, AnotherSpellingOfAnAddressIsTheSameService) {
  const std::string text(kIpv6Example);
  const std::string long_way =
      replaced(replaced(text, R"("vip": "2001:db8::100")", R"("vip": "2001:DB8:0::100")"),
               R"("address": "2001:db8::12")", R"("address": "2001:DB8::0012")");
  EXPECT_EQ(saved(long_way, [](Config& config) { config.services[0].real_servers[1].weight = 7; }),
            replaced(long_way, R"("weight": 2)", R"("weight": 7)"));
}

TEST(ConfigMerge, AServerBecomesTheFallback) {
  const std::string text =
      saved(kText, [](Config& config) { config.services[0].real_servers[1].fallback = true; });
  EXPECT_NE(text.find(R"("fallback": { "address": "192.0.2.12", "weight": 2, "mac": "02:00:00:00:00:12" })"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("// seconds; 0: off"), std::string::npos) << text;
}

TEST(ConfigMerge, TheWholeTextMeansTheSame) {
  for (const std::string_view text : {kExample, kIpv6Example}) {
    const Config config = read(std::string(text));
    EXPECT_TRUE(mean_the_same(read(whole_text(config)), config));
  }
  EXPECT_LT(whole_text(example_config()).find("\"eal\""), whole_text(example_config()).find("\"services\""));
}

/// Files as operators may have written them, and changes as they may make them while it runs.
class Operator {
 public:
  explicit Operator(unsigned seed) : random_(seed) {}

  bool one_in(size_t n) { return below(n) == 0; }
  size_t below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random_); }

  std::string file() {
    std::string text = R"({ "ports": [ { "name": "lan", "device": "d", "addresses": ["192.0.2.2/24"] } ],)";
    if (one_in(2)) text += R"("connections": { "timeouts": { "udp": 30 /* udp */ } },)";
    if (one_in(2)) text += R"("control": { "autosave": true },)";
    if (one_in(2)) text += "\n  \"vips\": [ { \"address\": \"192.0.2.100\", \"echo\": \"no\" } ], // vips\n";
    text += "\n  \"services\": [ // all services\n";
    const size_t count = below(5);
    for (size_t i = 0; i < count; ++i)
      text += service_text(i) + (i + 1 < count ? ", " : " ") + behind(i) + "\n";
    return text + "\n    // the end\n  ] }\n";
  }

  void change(Config& config) {
    if (one_in(3)) config.connections.timeouts.tcp_fin = 1 + static_cast<uint32_t>(below(3)) * 60;
    if (one_in(3)) config.autosave = !config.autosave;
    if (one_in(3)) config.vips = {{ip("192.0.2.101"), EchoPolicy::while_up, UnmatchedPolicy::reject, ""}};
    std::erase_if(config.services, [&](const ServiceConfig&) { return one_in(4); });
    for (ServiceConfig& each : config.services) change(each);
    const ServiceKey key = web(static_cast<uint16_t>(8000 + below(9)));
    if (one_in(2) && !config.find(key)) config.services.push_back(service(key, {11, 13}));
    config.maintenance.clear();
    if (one_in(3)) config.maintenance = {ip("192.0.2.11")};
    if (one_in(5)) std::ranges::reverse(config.services);
  }

  static std::string above(size_t i) { return "// service " + std::to_string(i); }
  static std::string behind(size_t i) { return "// behind " + std::to_string(i); }

 private:
  std::string service_text(size_t number) {
    const std::vector<std::string> health{"", R"("health": { "type": "none" }, )",
                                          R"("health": { "type": "http", "path": "/", "status": 200 }, )",
                                          R"("health": { "interval": 5, // often enough
        "fall": 1 }, )"};
    std::string text =
        "    " + above(number) +
        "\n    { \"vip\": \"192.0.2.100\", \"protocol\": \"tcp\", \"port\": " + std::to_string(80 + number) +
        ",\n      ";
    if (one_in(2)) text += R"("scheduler": "rr", )";
    text += health[below(health.size())] + "\"real_servers\": [";
    const size_t count = below(4);
    for (size_t i = 0; i < count; ++i) {
      text += one_in(2) ? "\n        " : " ";
      text += "{ \"address\": \"192.0.2." + std::to_string(11 + i) + "\"";
      if (one_in(2)) text += ", \"weight\": " + std::to_string(below(3));
      text += i + 1 < count ? " }," : " }";
    }
    return text + "]}";
  }

  static HealthConfig check(HealthType type, const std::string& host = "") {
    HealthConfig health;
    health.type = type;
    health.host = host;
    return health;
  }

  void change(ServiceConfig& each) {
    if (one_in(4)) each.scheduler = one_in(2) ? SchedulerKind::wrr : SchedulerKind::sh;
    if (one_in(4)) each.scheduler = SchedulerKind::mh;
    const bool has_flags = each.scheduler == SchedulerKind::mh || each.scheduler == SchedulerKind::sh;
    each.flags = {has_flags && one_in(2), has_flags && one_in(2)};
    if (one_in(4)) each.persistence = static_cast<uint32_t>(below(2)) * 300;
    if (one_in(4)) each.health = check(HealthType::https, "www.example.com");
    if (one_in(4)) each.health = check(HealthType::tcp);
    if (one_in(4)) each.slow_start = static_cast<uint32_t>(below(2)) * 10;
    std::erase_if(each.real_servers, [&](const RealServerConfig&) { return one_in(4); });
    for (RealServerConfig& server : each.real_servers) {
      if (one_in(3)) server.weight = static_cast<uint32_t>(below(3));
      if (one_in(5)) server.mac = mac("02:00:00:00:00:99");
    }
    const auto is_new = [](const RealServerConfig& server) { return server.address == ip("192.0.2.77"); };
    if (one_in(3) && std::ranges::none_of(each.real_servers, is_new))
      each.real_servers.push_back({ip("192.0.2.77"), static_cast<uint32_t>(below(3)), {}});
    if (one_in(6)) std::ranges::reverse(each.real_servers);
  }

  std::mt19937 random_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(ConfigMerge, AnyChangeOfAnyFileIsSavedAndCommentsStay) {
  constexpr unsigned kFiles = 100;
  for (unsigned seed = 0; seed < kFiles; ++seed) {
    Operator one(seed);
    std::string text = one.file();
    Config config = read(text);
    for (int step = 0; step < 3; ++step) {
      Config next = config;
      one.change(next);
      ASSERT_TRUE(check_config(next).empty()) << all_of(check_config(next));
      const auto merged = merge_into_text(text, config, next);
      ASSERT_TRUE(merged) << "seed " << seed << "\n" << text;
      ASSERT_TRUE(mean_the_same(read(*merged), next)) << *merged;
      for (size_t i = 0; i < 5; ++i) {
        const bool stays =
            contains(text, Operator::above(i)) && next.find(web(static_cast<uint16_t>(80 + i)));
        EXPECT_EQ(contains(*merged, Operator::above(i)), stays) << "seed " << seed << "\n" << *merged;
        EXPECT_EQ(contains(*merged, Operator::behind(i)), stays) << "seed " << seed << "\n" << *merged;
      }
      EXPECT_TRUE(contains(*merged, "// all services") && contains(*merged, "// the end")) << *merged;
      text = *merged;
      config = next;
    }
  }
}

}  // namespace
}  // namespace turnout::config_merge_test
