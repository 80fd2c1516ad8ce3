// What the doctor makes of counters that grow.
#include "control/doctor_load.h"

#include <gtest/gtest.h>

#include "control/doctor_tables.h"
#include "dataplane/fragment_table.h"

namespace turnout::doctor_load_test {
namespace {

using namespace std::chrono_literals;
using Codes = std::vector<std::string>;

Codes codes(const Findings& findings) {
  Codes codes;
  for (const Finding& finding : findings) codes.push_back(finding.code);
  return codes;
}

/// Ten seconds of 100,000 packets, half of a worker's time, a table that is a tenth full.
LoadWindow calm() {
  LoadSample sample;
  sample.ports = {{"lan", 0, 0, 0, 0}};
  sample.workers = {{1, 0, 0, 0, 0}};
  sample.ipv4_table = {1000, 100, 0, 0};
  sample.ipv6_table = {1000, 100, 0, 0};
  LoadWindow window{sample, sample};
  window.after.time = 10s;
  window.after.received = window.after.ports[0].received = 100'000;
  window.after.workers[0] = {1, 50'000, 1'000, 500, 500};
  return window;
}

void drop(LoadWindow& window, DropReason reason, uint64_t packets) {
  window.after.drops[static_cast<size_t>(reason)] += packets;
}

TEST(DoctorTrends, ReachFromTheOldestSampleThatIsKept) {
  Trends trends;
  LoadSample sample;
  sample.time = 100s;
  EXPECT_EQ(trends.until(sample).seconds(), 0);
  for (int second = 0; second <= 30; ++second) {
    sample.time = std::chrono::seconds(second);
    sample.received = static_cast<uint64_t>(second);
    trends.add(sample);
  }
  sample.time = 30500ms;
  const LoadWindow window = trends.until(sample);
  EXPECT_EQ(window.before.time, 21s);  // of 21 to 30
  EXPECT_EQ(window.seconds(), 9.5);
  EXPECT_EQ(window.span(), "in the last 9.5 s");
  EXPECT_EQ(window.received(), 9u);
}

TEST(DoctorTrends, TakeACounterThatWasSetBackForOneThatStands) {
  EXPECT_EQ(growth(5, 7), 2u);
  EXPECT_EQ(growth(7, 5), 0u);
}

TEST(DoctorLoad, HasNothingToSayOfACalmDay) {
  EXPECT_EQ(codes(examine_load(calm())), Codes{});
  EXPECT_EQ(codes(examine_drops(calm())), Codes{});
  EXPECT_EQ(codes(examine_tables(calm())), Codes{});
}

TEST(DoctorLoad, SaysNothingOfLossesThatArePast) {
  LoadWindow window = calm();
  window.before.ports[0].missed = window.after.ports[0].missed = 1'000'000;
  window.before.drops.fill(1'000'000);
  window.after.drops.fill(1'000'000);
  window.before.originated_lost = window.after.originated_lost = 1000;
  EXPECT_EQ(codes(examine_load(window)), Codes{});
  EXPECT_EQ(codes(examine_drops(window)), Codes{});
}

TEST(DoctorLoad, IsGraverTheMoreAPortLoses) {
  LoadWindow window = calm();
  window.after.ports[0].missed = 100;
  Findings findings = examine_load(window);
  ASSERT_EQ(codes(findings), Codes{"receive_missed"});
  EXPECT_EQ(findings[0].severity, Severity::warning);
  EXPECT_EQ(findings[0].subject, "port 'lan'");
  EXPECT_EQ(findings[0].evidence,
            "100 packets in the last 10.0 s (RX MISSED of `turnoutctl stats`), 0.1 % of what came");

  window.after.ports[0].missed = 100'000;
  EXPECT_EQ(examine_load(window)[0].severity, Severity::critical);
}

TEST(DoctorLoad, TellsMissingBuffersDamageAndOwnFramesThatAreLost) {
  LoadWindow window = calm();
  window.after.ports[0].no_buffer = 1;
  window.after.ports[0].errors = 1;
  window.after.originated_lost = 1;
  EXPECT_EQ(codes(examine_load(window)), (Codes{"receive_no_buffer", "receive_errors", "originated_lost"}));
}

TEST(DoctorLoad, CallsAWorkerSaturatedThatIsBusyWithFullBursts) {
  LoadWindow window = calm();
  window.after.workers[0] = {1, 50'000, 40'000, 950, 50};
  const Findings findings = examine_load(window);
  ASSERT_EQ(codes(findings), Codes{"worker_saturated"});
  EXPECT_EQ(findings[0].subject, "worker lcore 1");

  window.after.workers[0].full_bursts = 100;  // busy, but with small bursts: there is room
  EXPECT_EQ(codes(examine_load(window)), Codes{});
  window.after.workers[0] = {1, 50'000, 40'000, 950, 50};
  window.after.time = 500ms;  // too short to tell
  EXPECT_EQ(codes(examine_load(window)), Codes{});
}

TEST(DoctorDrops, CallsClientsWithoutAnswerCritical) {
  LoadWindow window = calm();
  drop(window, DropReason::no_server, 1);
  drop(window, DropReason::no_server_resolved, 1);
  const Findings findings = examine_drops(window);
  ASSERT_EQ(codes(findings), (Codes{"drops_no_server", "drops_no_server_resolved"}));
  for (const Finding& finding : findings) EXPECT_EQ(finding.severity, Severity::critical);
}

TEST(DoctorDrops, PassesOverWhatEveryNetworkHas) {
  LoadWindow window = calm();
  for (const DropReason reason :
       {DropReason::not_our_mac, DropReason::no_service, DropReason::echo_off, DropReason::icmp_unmatched,
        DropReason::fragment, DropReason::martian_source})
    drop(window, reason, 9);
  EXPECT_EQ(codes(examine_drops(window)), Codes{});
}

TEST(DoctorDrops, TellsAReasonOnceByItsGravestRule) {
  LoadWindow window = calm();
  drop(window, DropReason::transmit_full, 5);
  ASSERT_EQ(codes(examine_drops(window)), Codes{"drops_transmit_full"});
  EXPECT_EQ(examine_drops(window)[0].severity, Severity::warning);
  drop(window, DropReason::transmit_full, 5'000);
  ASSERT_EQ(codes(examine_drops(window)), Codes{"drops_transmit_full"});
  EXPECT_EQ(examine_drops(window)[0].severity, Severity::critical);
}

TEST(DoctorDrops, NeedsBothRateAndShare) {
  LoadWindow window = calm();
  drop(window, DropReason::no_service, 9'999);  // 1,000 a second, but less than a tenth
  EXPECT_EQ(codes(examine_drops(window)), Codes{});
  drop(window, DropReason::no_service, 1);
  EXPECT_EQ(codes(examine_drops(window)), Codes{"drops_no_service"});

  window = calm();
  window.after.received = 900;
  drop(window, DropReason::no_service, 900);  // all, but only 90 a second
  EXPECT_EQ(codes(examine_drops(window)), Codes{});
}

TEST(DoctorTables, TellsATableThatIsNearlyFull) {
  LoadWindow window = calm();
  window.before.ipv4_table.entries = window.after.ipv4_table.entries = 800;
  EXPECT_EQ(codes(examine_tables(window)), Codes{});
  window.before.ipv4_table.entries = window.after.ipv4_table.entries = 801;
  const Findings findings = examine_tables(window);
  ASSERT_EQ(codes(findings), Codes{"connection_table_nearly_full"});
  EXPECT_EQ(findings[0].subject, "IPv4 connection table");
  EXPECT_EQ(findings[0].severity, Severity::warning);
  EXPECT_NE(findings[0].evidence.find("801 of 1000 slots used (80.1 %)"), std::string::npos);
}

TEST(DoctorTables, SeesATableFillUpBeforeItIsFull) {
  LoadWindow window = calm();
  window.before.ipv6_table.entries = 500;
  window.after.ipv6_table.entries = 600;  // 10 a second: full in 40 s
  const Findings findings = examine_tables(window);
  ASSERT_EQ(codes(findings), Codes{"connection_table_nearly_full"});
  EXPECT_EQ(findings[0].subject, "IPv6 connection table");
  EXPECT_NE(findings[0].evidence.find("full in about 40.0 s"), std::string::npos) << findings[0].evidence;
  EXPECT_NE(findings[0].remedy.find("connections.capacity_ipv6"), std::string::npos);

  window.before.ipv6_table.entries = 550;  // 5 a second: full in 80 s
  EXPECT_EQ(codes(examine_tables(window)), Codes{});
}

TEST(DoctorTables, TellsTheGravestOfATableOnly) {
  LoadWindow window = calm();
  window.after.ipv4_table = {1000, 950, 1, 0};
  ASSERT_EQ(codes(examine_tables(window)), Codes{"connection_table_evicting"});
  window.after.ipv4_table.stateless = 1;
  ASSERT_EQ(codes(examine_tables(window)), Codes{"connection_table_full"});
  EXPECT_EQ(examine_tables(window)[0].severity, Severity::critical);
}

TEST(DoctorTables, TellsOfFragmentsThatTakeAllRoom) {
  LoadWindow window = calm();
  window.after.held_fragments = FragmentTable::kHeld * 9 / 10;
  EXPECT_EQ(codes(examine_tables(window)), Codes{"fragments_nearly_full"});
}

}  // namespace
}  // namespace turnout::doctor_load_test
