#include "control/http_check_words.h"

#include <gtest/gtest.h>

#include "control/probe_text.h"
#include "test/support/test_config.h"

namespace turnout::http_words_test {
namespace {

using namespace std::chrono_literals;

HealthConfig check(HealthType type, const std::string& host = "", uint16_t port = 0) {
  HealthConfig health;
  health.type = type;
  health.host = host;
  health.port = port;
  return health;
}

ServiceKey service(const std::string& vip, uint16_t port) {
  return {ip(vip), Protocol::tcp, port};
}

TEST(HttpWordsTest, TheHostFieldIsTheVipIfNothingElseIsSaid) {
  EXPECT_EQ(host_field(service("192.0.2.100", 80), check(HealthType::http)), "192.0.2.100");
  EXPECT_EQ(host_field(service("192.0.2.100", 443), check(HealthType::https)), "192.0.2.100");
  EXPECT_EQ(host_field(service("2001:db8::100", 80), check(HealthType::http)), "[2001:db8::100]");
}

TEST(HttpWordsTest, TheHostFieldSaysAPortThatIsNotTheUsualOne) {
  EXPECT_EQ(host_field(service("192.0.2.100", 443), check(HealthType::http)), "192.0.2.100:443");
  EXPECT_EQ(host_field(service("192.0.2.100", 80), check(HealthType::https)), "192.0.2.100:80");
  EXPECT_EQ(host_field(service("2001:db8::100", 8080), check(HealthType::http)), "[2001:db8::100]:8080");
  EXPECT_EQ(host_field(service("192.0.2.100", 80), check(HealthType::http, "", 8080)), "192.0.2.100:8080");
  EXPECT_EQ(host_field(service("192.0.2.100", 8080), check(HealthType::http, "", 80)), "192.0.2.100");
}

TEST(HttpWordsTest, TheHostThatIsConfiguredIsTaken) {
  const ServiceKey web = service("192.0.2.100", 8080);
  EXPECT_EQ(host_field(web, check(HealthType::http, "www.example.org")), "www.example.org:8080");
  EXPECT_EQ(host_field(web, check(HealthType::http, "www.example.org:80")), "www.example.org:80");
  EXPECT_EQ(host_field(web, check(HealthType::http, "2001:db8::1")), "[2001:db8::1]:8080");
  EXPECT_EQ(host_field(web, check(HealthType::http, "[2001:db8::1]")), "[2001:db8::1]:8080");
  EXPECT_EQ(host_field(web, check(HealthType::http, "[2001:db8::1]:80")), "[2001:db8::1]:80");
}

TEST(HttpWordsTest, TlsIsToldNamesOnly) {
  EXPECT_EQ(server_name(check(HealthType::https, "www.example.org")), "www.example.org");
  EXPECT_EQ(server_name(check(HealthType::https, "www.example.org:8443")), "www.example.org");
  for (const char* address : {"", "192.0.2.1", "192.0.2.1:8443", "2001:db8::1", "[2001:db8::1]:8443"}) {
    EXPECT_EQ(server_name(check(HealthType::https, address)), "") << address;
  }
}

TEST(HttpWordsTest, ASynThatIsLostIsToldByWhere) {
  ProbeTarget target;
  target.service = service("192.0.2.100", 80);
  target.server = ip("192.0.2.11");
  const auto silence = [&](Loss loss) {
    return http_silence(HttpStage::connecting, loss, target, check(HealthType::http));
  };
  EXPECT_EQ(silence(Loss::beyond).reason, "no answer to SYN");
  EXPECT_NE(silence(Loss::beyond).hint.find("192.0.2.11 may lack the VIP (`ip address show to 192.0.2.100`"),
            std::string::npos)
      << silence(Loss::beyond).hint;
  EXPECT_EQ(silence(Loss::here).reason, "no SYN was sent");
  EXPECT_NE(silence(Loss::here).hint.find("packet filter of the director's host"), std::string::npos);
  EXPECT_NE(silence(Loss::on_return).reason.find("did not take the answer"), std::string::npos);
}

TEST(HttpWordsTest, WhatServersSayIsMadePrintable) {
  const ProbeResult result = http_status(503, "Back \xff\x1b[31m soon\n", check(HealthType::http));
  EXPECT_EQ(result.reason, "answered 503 Back ??[31m soon?");
  EXPECT_EQ(printable("abcdef", 3), "abc");
}

TEST(HttpWordsTest, TimesInWords) {
  EXPECT_EQ(in_words(1s), "1 s");
  EXPECT_EQ(in_words(1500ms), "1.5 s");
  EXPECT_EQ(in_words(1050ms), "1.05 s");
  EXPECT_EQ(in_words(200ms), "200 ms");
  EXPECT_EQ(in_words(60s), "60 s");
}

}  // namespace
}  // namespace turnout::http_words_test
