// What a service's configuration says of its health checks.
#include <gtest/gtest.h>

#include <ostream>

#include "test/support/config_example.h"

namespace turnout::config_health_test {
namespace {

Parsed<Config> with_health(const std::string& health) {
  return parse_config(example_with("/services/0/health", health));
}
HealthConfig read(const std::string& health) {
  const auto parsed = with_health(health);
  EXPECT_TRUE(parsed.value) << all_of(parsed.errors);
  return parsed.value ? parsed.value->services[0].health : HealthConfig();
}

TEST(ConfigHealth, TcpIsCheckedByItsPortAndUdpByPingsIfNothingIsSaid) {
  const auto tcp = parse_config(example_with("/services/0/health", ""));
  EXPECT_EQ(tcp.value->services[0].health.type, HealthType::tcp);
  EXPECT_EQ(tcp.value->services[0].health.timings, CheckTimings());
  Json document = example_with("/services/0/health", "");
  document["services"][0]["protocol"] = "udp";
  EXPECT_EQ(parse_config(document).value->services[0].health.type, HealthType::icmp);
  EXPECT_EQ(read(R"({"interval": 1})").type, HealthType::tcp) << "no type: the usual one";
}

TEST(ConfigHealth, TimesAreSecondsWithDecimals) {
  const HealthConfig health =
      read(R"({"type": "tcp", "interval": 0.25, "timeout": 0.1, "rise": 1, "fall": 5, "jitter": 50})");
  EXPECT_EQ(health.timings,
            (CheckTimings{std::chrono::milliseconds(250), std::chrono::milliseconds(100), 1, 5}));
  EXPECT_EQ(health.jitter, 50u);
}

TEST(ConfigHealth, WhatEachTypeAsks) {
  const HealthConfig udp = read(R"({"type": "udp", "send": "ping", "expect_hex": "00fF"})");
  EXPECT_EQ(udp.send, "ping");
  EXPECT_EQ(udp.expect, std::string("\0\xff", 2));
  const HealthConfig web = read(
      R"({"type": "https", "path": "/up?x=1", "host": "www.example.com", "status": "200-204", "port": 8443})");
  EXPECT_EQ(web.path, "/up?x=1");
  EXPECT_EQ(web.host, "www.example.com");
  EXPECT_EQ(web.least_status, 200);
  EXPECT_EQ(web.most_status, 204);
  EXPECT_EQ(web.port, 8443);
  EXPECT_EQ(read(R"({"type": "http", "status": 301})").most_status, 301);
  const HealthConfig program = read(R"({"type": "exec", "command": ["/usr/lib/turnout/check", "-v"]})");
  EXPECT_EQ(program.command, (std::vector<std::string>{"/usr/lib/turnout/check", "-v"}));
}

TEST(ConfigHealth, IsWrittenAsItIsRead) {
  for (const char* health :
       {R"({"type": "none"})", R"({"type": "tcp", "interval": 0.5})", R"({"type": "icmp", "damping": 0})",
        R"({"type": "udp", "send_hex": "000102", "expect": "ok"})",
        R"({"type": "http", "status": 204, "expect": "fine"})",
        R"({"type": "exec", "command": ["/bin/true"]})"}) {
    const Config config = *with_health(health).value;
    EXPECT_EQ(parse_config(to_json(config)).value->services, config.services) << health;
  }
}

TEST(ConfigHealth, TheFallbackIsTheLastOfTheServers) {
  Json document = example_with("/services/0/fallback", R"({"address": "192.0.2.99", "weight": 3})");
  document["services"][0]["on_down"] = "keep";
  document["services"][0]["slow_start"] = 30;
  const auto parsed = parse_config(document);
  ASSERT_TRUE(parsed.value) << all_of(parsed.errors);
  const ServiceConfig& service = parsed.value->services[0];
  ASSERT_EQ(service.real_servers.size(), 3u);
  EXPECT_TRUE(service.real_servers[2].fallback);
  EXPECT_EQ(service.on_down, OnDown::keep);
  EXPECT_EQ(service.slow_start, 30u);
  const Json written = to_json(*parsed.value);
  EXPECT_EQ(written["services"][0]["fallback"]["address"], "192.0.2.99");
  EXPECT_EQ(written["services"][0]["real_servers"].size(), 2u);
  EXPECT_EQ(parse_config(written).value->services[0], service);
}

TEST(ConfigHealth, AChangeIsASentence) {
  Config next = example_config();
  next.services[0].health.type = HealthType::icmp;
  next.services[0].on_down = OnDown::keep;
  next.services[0].slow_start = 5;
  next.services[0].real_servers[1].fallback = true;
  const auto changes = describe_changes(example_config(), next);
  ASSERT_EQ(changes.size(), 4u);
  EXPECT_NE(changes[0].find("change health from none to"), std::string::npos);
  EXPECT_NE(changes[1].find("on_down from reassign to keep"), std::string::npos);
  EXPECT_NE(changes[2].find("slow_start from 0 to 5"), std::string::npos);
  EXPECT_NE(changes[3].find("192.0.2.12 becomes the fallback"), std::string::npos);
}

struct Refused {
  const char* path;
  const char* value;
  const char* pointer;
  std::vector<const char*> words;
};
void PrintTo(const Refused& row, std::ostream* out) {
  *out << row.path << " = " << row.value;
}

class ConfigHealthRefuses : public testing::TestWithParam<Refused> {};

TEST_P(ConfigHealthRefuses, WithPointerReasonAndRemedy) {
  const Refused& row = GetParam();
  const auto parsed = parse_config(example_with(row.path, row.value));
  EXPECT_FALSE(parsed.value);
  ASSERT_EQ(parsed.errors.size(), 1u) << all_of(parsed.errors);
  EXPECT_EQ(parsed.errors[0].pointer, row.pointer);
  for (const char* word : row.words)
    EXPECT_NE(parsed.errors[0].reason.find(word), std::string::npos) << parsed.errors[0].reason;
}

constexpr const char* kHealth = "/services/0/health";
const Refused kRows[] = {
    {kHealth, R"({"type": "smtp"})", "/services/0/health/type", {"smtp", "no type", "tcp, icmp, udp"}},
    {kHealth, R"({"type": "tcp", "interval": 0})", "/services/0/health/interval", {"out of range", "0.05"}},
    {kHealth,
     R"({"type": "tcp", "interval": 3601})",
     "/services/0/health/interval",
     {"out of range", "3600"}},
    {kHealth,
     R"({"type": "tcp", "timeout": 0.0505})",
     "/services/0/health/timeout",
     {"finer", "millisecond"}},
    {kHealth, R"({"type": "tcp", "timeout": "1"})", "/services/0/health/timeout", {"seconds"}},
    {kHealth, R"({"type": "tcp", "rise": 0})", "/services/0/health/rise", {"1 to 100"}},
    {kHealth, R"({"type": "tcp", "jitter": 51})", "/services/0/health/jitter", {"0 to 50"}},
    {kHealth, R"({"type": "tcp", "path": "/"})", "/services/0/health/path", {"no effect", "tcp", "remove"}},
    {kHealth, R"({"type": "icmp", "port": 80})", "/services/0/health/port", {"no effect", "icmp"}},
    {kHealth,
     R"({"type": "udp", "send_hex": "abc"})",
     "/services/0/health/send_hex",
     {"hexadecimal", "0d0a"}},
    {kHealth,
     R"({"type": "udp", "send": "a", "send_hex": "61"})",
     "/services/0/health/send_hex",
     {"beside send"}},
    {kHealth, R"({"type": "http", "path": "up"})", "/services/0/health/path", {"begin with a /"}},
    {kHealth, R"({"type": "http", "host": "a b"})", "/services/0/health/host", {"no host name"}},
    {kHealth, R"({"type": "http", "status": "399-200"})", "/services/0/health/status", {"200-399"}},
    {kHealth, R"({"type": "http", "status": "200-"})", "/services/0/health/status", {"range"}},
    {kHealth, R"({"type": "http", "status": 99})", "/services/0/health/status", {"100 to 599"}},
    {kHealth, R"({"type": "exec"})", "/services/0/health/command", {"missing", "absolute path"}},
    {kHealth, R"({"type": "exec", "command": []})", "/services/0/health/command", {"no program"}},
    {kHealth, R"({"type": "exec", "command": ["true"]})", "/services/0/health/command", {"no absolute path"}},
    {"/services/0/on_down", R"("drop")", "/services/0/on_down", {"reassign", "keep"}},
    {"/services/0/slow_start", "86401", "/services/0/slow_start", {"0 to 86400"}},
    {"/services/0/fallback", R"("192.0.2.99")", "/services/0/fallback", {"object"}},
    {"/services/0/fallback",
     R"({"address": "192.0.2.11"})",
     "/services/0/fallback/address",
     {"given already"}},
    {"/services/0/fallback",
     R"({"address": "198.51.100.9"})",
     "/services/0/fallback/address",
     {"no port's subnet"}},
};
INSTANTIATE_TEST_SUITE_P(Health, ConfigHealthRefuses, testing::ValuesIn(kRows));

}  // namespace
}  // namespace turnout::config_health_test
