// What the doctor makes of limits that hold clients back, and of their tables.
#include "control/doctor_limits.h"

#include <gtest/gtest.h>

namespace turnout::doctor_limits_test {
namespace {

using namespace std::chrono_literals;

LoadWindow window_with(LimitLoad load, uint64_t dropped, uint64_t observed) {
  LoadSample sample;
  sample.limits = {load};
  sample.limit_table = {65536, 100, 0, 100};
  LoadWindow window{sample, sample};
  window.after.time = 10s;
  window.after.limits[0].dropped += dropped;
  window.after.limits[0].observed += observed;
  return window;
}
LimitLoad load_of(Limit limit, uint64_t value = 10) {
  return {"tcp 192.0.2.100:80", limit, value, false, 1000, 1000, "203.0.113.7", 90, 100};
}

TEST(DoctorLimits, HasNothingToSayOfWhatIsPast) {
  EXPECT_TRUE(examine_limits(window_with(load_of(Limit::client_rate), 0, 0)).empty());
}

TEST(DoctorLimits, SaysWhoIsHeldBack) {
  const Findings findings = examine_limits(window_with(load_of(Limit::client_rate), 500, 0));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].code, "limit_dropping");
  EXPECT_EQ(findings[0].severity, Severity::info) << "that is what it is for";
  EXPECT_NE(findings[0].evidence.find("500 packets in the last 10.0 s"), std::string::npos)
      << findings[0].evidence;
  EXPECT_NE(findings[0].evidence.find("90.0 % were of 203.0.113.7"), std::string::npos)
      << findings[0].evidence;
  EXPECT_NE(findings[0].remedy.find("--client-rate"), std::string::npos);
}

TEST(DoctorLimits, WarnsWhereAllClientsAreHeldBack) {
  for (const Limit limit : {Limit::service_connection_rate, Limit::service_packet_rate}) {
    const Findings findings = examine_limits(window_with(load_of(limit), 1, 0));
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].severity, Severity::warning);
  }
}

TEST(DoctorLimits, SaysWhatAnObservedLimitWouldDo) {
  const Findings findings = examine_limits(window_with(load_of(Limit::client_connections), 0, 7));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].code, "limit_observed");
  EXPECT_NE(findings[0].remedy.find("--limits enforce"), std::string::npos);
}

TEST(DoctorLimits, ALimitThatIsNewBeganWithNothing) {
  LimitLoad load = load_of(Limit::client_rate);
  load.dropped = load.observed = 0;
  LoadWindow window = window_with(load, 500, 0);
  window.before.limits.clear();
  const Findings findings = examine_limits(window);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].evidence.find("500 packets"), std::string::npos);
}

TEST(DoctorLimits, WarnsOfTablesThatAreTooSmall) {
  LoadWindow window = window_with(load_of(Limit::client_connections), 0, 0);
  window.after.limit_table.lost = 1;
  ASSERT_EQ(examine_limits(window).size(), 1u);
  EXPECT_EQ(examine_limits(window)[0].code, "limit_table_crowded");
  window.after.limit_table = {65536, 60'000, 0, 100};
  EXPECT_EQ(examine_limits(window)[0].code, "limit_table_crowded");
  window.after.limit_table = {65536, 100, 0, 1'000'000};
  ASSERT_EQ(examine_limits(window).size(), 1u);
  EXPECT_EQ(examine_limits(window)[0].code, "limit_counts_crowded");
}

}  // namespace
}  // namespace turnout::doctor_limits_test
