// `limits` in the configuration: what is read, refused, written and said of a change.
#include "control/config_limits_json.h"

#include <gtest/gtest.h>

#include "control/limit_report.h"
#include "test/support/config_example.h"

namespace turnout::config_limits_test {
namespace {

Json whole() {
  return Json::parse(R"({
    "connections_per_second": 1000, "connections_burst": 2000, "packets_per_second": 500000,
    "client": {"connections_per_second": 10, "connections_burst": 50, "connections": 100},
    "client_prefix": {"ipv4": 20, "ipv6": 48, "connections_per_second": 40}, "observe": true})");
}

TEST(ConfigLimits, AreReadAndWrittenAsTheyWere) {
  const auto read = parse_part(whole(), "", read_limits);
  ASSERT_TRUE(read.value);
  const LimitsConfig expected{{1000, 2000}, {500000, 0}, {10, 50}, 100, {40, 0}, 20, 48, true};
  EXPECT_EQ(*read.value, expected);
  EXPECT_EQ(*parse_part(to_json(expected), "", read_limits).value, expected);
  EXPECT_EQ(read.value->packets.burst_or_usual(), 500000u);
}

TEST(ConfigLimits, NothingAndNullAreNoLimits) {
  for (const char* text : {"null", "{}", R"({"client": null, "client_prefix": null})",
                           R"({"connections_per_second": null, "client": {"connections": null}})"}) {
    const auto read = parse_part(Json::parse(text), "", read_limits);
    ASSERT_TRUE(read.value) << text;
    EXPECT_EQ(*read.value, LimitsConfig()) << text;
    EXPECT_FALSE(read.value->is_any());
  }
}

TEST(ConfigLimits, WhatIsWrongIsRefusedWithItsPlace) {
  const auto pointer_of = [](const char* text) {
    const auto read = parse_part(Json::parse(text), "/limits", read_limits);
    return read.errors.empty() ? "" : read.errors.front().pointer;
  };
  EXPECT_EQ(pointer_of(R"({"connections_per_second": 0})"), "/limits/connections_per_second");
  EXPECT_EQ(pointer_of(R"({"packets_per_second": 1000000001})"), "/limits/packets_per_second");
  EXPECT_EQ(pointer_of(R"({"client": {"connections_per_second": 1000001}})"),
            "/limits/client/connections_per_second");
  EXPECT_EQ(pointer_of(R"({"client": {"connections_burst": 5}})"), "/limits/client/connections_burst");
  EXPECT_EQ(pointer_of(R"({"packets_per_second": 1, "packets_burst": 3601})"), "/limits/packets_burst");
  EXPECT_EQ(pointer_of(R"({"packets_per_second": 1, "packets_burst": 3600})"), "");
  EXPECT_EQ(pointer_of(R"({"client_prefix": {"ipv4": 33}})"), "/limits/client_prefix/ipv4");
  EXPECT_EQ(pointer_of(R"({"client_prefix": {"ipv6": 0}})"), "/limits/client_prefix/ipv6");
  EXPECT_EQ(pointer_of(R"({"client": {"packets_per_second": 5}})"), "/limits/client/packets_per_second");
  EXPECT_EQ(pointer_of(R"({"observe": "yes"})"), "/limits/observe");
  EXPECT_EQ(pointer_of("[]"), "/limits");
}

TEST(ConfigLimits, OpenConnectionsOfDatagramsThatNobodyRemembersCannotBeCounted) {
  const Json service =
      Json::parse(R"({"vip": "192.0.2.100", "protocol": "udp", "port": 53, "one_packet": true,
                                       "limits": {"client": {"connections": 5}}})");
  const auto read = parse_service(service);
  ASSERT_FALSE(read.value);
  EXPECT_EQ(read.errors.front().pointer, "/limits/client/connections");
}

TEST(ConfigLimits, AnEditChangesWhatItNames) {
  Json merged =
      merged_limits(whole(), Json::parse(R"({"client": {"connections": 7}, "packets_per_second": null})"));
  const LimitsConfig limits = *parse_part(merged, "", read_limits).value;
  const LimitsConfig expected{{1000, 2000}, {}, {10, 50}, 7, {40, 0}, 20, 48, true};
  EXPECT_EQ(limits, expected);
  EXPECT_EQ(merged_limits(whole(), nullptr), Json(nullptr)) << "null takes all of them away";
  EXPECT_EQ(merged_limits(nullptr, Json::parse(R"({"client": {"connections": 7}})"))["client"]["connections"],
            7);
}

TEST(ConfigLimits, EachDifferenceIsASentence) {
  const LimitsConfig from{};
  LimitsConfig to;
  to.client = {10, 20};
  to.observe = true;
  std::vector<std::string> sentences;
  compare_limits("tcp 192.0.2.100:80", from, to, sentences);
  EXPECT_EQ(sentences,
            (std::vector<std::string>{
                "tcp 192.0.2.100:80: change limit client/connections_per_second from none to 10",
                "tcp 192.0.2.100:80: change limit client/connections_burst from one second's worth to 20",
                "tcp 192.0.2.100:80: change limit observe from false to true"}));
}

TEST(ConfigLimits, CellsNeedARestart) {
  Json document = *parse_json_text(std::string(kExample)).value;
  const Config from = *parse_config(document).value;
  EXPECT_EQ(from.connections.limit_cells, kUsualLimitCells);
  document["connections"]["limit_cells"] = 1024;
  const Config to = *parse_config(document).value;
  const ConfigErrors errors = check_unchangeable(from, to);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors.front().pointer, "/connections/limit_cells");
  document["connections"]["limit_cells"] = 1000;
  EXPECT_FALSE(parse_config(document).value);
}

TEST(LimitReport, TellsWhatIsSetInTheOrderItIsAsked) {
  const auto rows = limits_of(*parse_part(whole(), "", read_limits).value);
  ASSERT_EQ(rows.size(), kLimits);
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i].limit, static_cast<Limit>(i));
  EXPECT_EQ(rows[0].value, 100u);
  EXPECT_EQ(rows[0].burst, 0u);
  EXPECT_EQ(rows[1].burst, 50u);
  EXPECT_EQ(rows[4].burst, 500000u);
  EXPECT_TRUE(limits_of({}).empty());
}

TEST(LimitReport, FalseRefusalsGrowWithTheCrowd) {
  EXPECT_EQ(false_refusals(0, 65536, 10), 0);
  EXPECT_LT(false_refusals(65536, 65536, 100), 1e-7);
  EXPECT_GT(false_refusals(1'000'000, 65536, 10), 0.99);
}

}  // namespace
}  // namespace turnout::config_limits_test
