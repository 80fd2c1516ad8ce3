// Each row alone; all rows in the same bursts; and no way out of the dataplane that has no row.
#include <algorithm>
#include <cctype>
#include <chrono>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "test/packet/rows.h"

namespace turnout {
namespace {

std::string name_of_row(const testing::TestParamInfo<Row>& info) {
  std::string name = info.param.sentence;
  std::erase_if(name, [](char c) { return c == '\'' || c == ','; });
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

/// What a burst came to: frames in no order, and the counts by kind and reason.
struct Result {
  std::multiset<std::pair<size_t, Bytes>> transmitted, answers;
  std::map<std::string_view, uint64_t> punts, drops;

  void add(const Verdict& verdict) {
    if (verdict.transmitted) transmitted.emplace(verdict.transmitted->port, verdict.transmitted->frame);
    if (verdict.punted) ++punts[name_of(*verdict.punted)];
    if (verdict.dropped) ++drops[name_of(*verdict.dropped)];
    for (const Sent& answer : verdict.answers) answers.emplace(answer.port, answer.frame);
  }
};

std::multiset<std::pair<size_t, Bytes>> unordered(const std::vector<Sent>& sent) {
  std::multiset<std::pair<size_t, Bytes>> frames;
  for (const Sent& one : sent) frames.emplace(one.port, one.frame);
  return frames;
}

/// By name, those that happened since `before`.
template <typename Counts, typename Names>
std::map<std::string_view, uint64_t> difference(const Counts& before, const Counts& after,
                                                const Names& names) {
  std::map<std::string_view, uint64_t> counts;
  for (size_t i = 0; i < names.size(); ++i) {
    if (after[i] != before[i]) counts[names[i]] = after[i] - before[i];
  }
  return counts;
}

class RowTest : public testing::TestWithParam<Row> {};

TEST_P(RowTest, HasItsVerdict) {
  const Row& row = GetParam();
  Rig rig(rows_config(), rows_options());
  rig.settle();
  const PacketTotals before = rig.totals();
  Result expected;
  expected.add(row.verdict);

  const std::vector<Sent> sent = rig.pass(row.port, row.frame, row.how);
  EXPECT_EQ(sent, row.verdict.transmitted ? std::vector{*row.verdict.transmitted} : std::vector<Sent>{});
  EXPECT_EQ(rig.answers(), row.verdict.answers);
  const PacketTotals after = rig.totals();
  EXPECT_EQ(difference(before.drops, after.drops, kDropReasonNames), expected.drops);
  EXPECT_EQ(difference(before.punts, after.punts, kPuntKindNames), expected.punts);
  EXPECT_EQ(after.held, row.verdict.held ? 1u : 0u);
}

INSTANTIATE_TEST_SUITE_P(Forwarded, RowTest, testing::ValuesIn(forwarded_rows()), name_of_row);
INSTANTIATE_TEST_SUITE_P(Unserved, RowTest, testing::ValuesIn(sound_but_unserved_rows()), name_of_row);
INSTANTIATE_TEST_SUITE_P(Unsound, RowTest, testing::ValuesIn(unsound_rows()), name_of_row);
INSTANTIATE_TEST_SUITE_P(Arp, RowTest, testing::ValuesIn(arp_rows()), name_of_row);
INSTANTIATE_TEST_SUITE_P(Icmp, RowTest, testing::ValuesIn(icmp_rows()), name_of_row);
INSTANTIATE_TEST_SUITE_P(IcmpErrors, RowTest, testing::ValuesIn(icmp_error_rows()), name_of_row);
INSTANTIATE_TEST_SUITE_P(Ipv6Forwarded, RowTest, testing::ValuesIn(ipv6_forwarded_rows()), name_of_row);
INSTANTIATE_TEST_SUITE_P(Ipv6Dropped, RowTest, testing::ValuesIn(ipv6_dropped_rows()), name_of_row);
INSTANTIATE_TEST_SUITE_P(Ipv6Control, RowTest, testing::ValuesIn(ipv6_control_rows()), name_of_row);
INSTANTIATE_TEST_SUITE_P(Fragments, RowTest, testing::ValuesIn(fragment_rows()), name_of_row);
INSTANTIATE_TEST_SUITE_P(Refused, RowTest, testing::ValuesIn(refused_rows()), name_of_row);

TEST(AllRows, HaveTheSameVerdictsInTheCompanyOfOthers) {
  std::vector<Row> rows = all_rows();
  // How soon and how often a VIP is defended depends on what else went on.
  std::erase_if(rows, [](const Row& row) { return row.sentence == kAnnouncedByAnother; });
  Rig rig(rows_config(), rows_options());
  rig.settle();
  std::mt19937 order(7);
  for (int round = 0; round < 20; ++round) {
    std::shuffle(rows.begin(), rows.end(), order);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));  // so that no kind is punted too often
    const PacketTotals before = rig.totals();
    Result expected;
    for (const Row& row : rows) {
      rig.put(row.port, row.frame, row.how);
      expected.add(row.verdict);
    }
    rig.poll_all();
    EXPECT_EQ(unordered(rig.take()), expected.transmitted);
    rig.tick();
    while (rte_ring_count(rig.from_control()) > 0) rig.poll();
    EXPECT_EQ(unordered(rig.take()), expected.answers);
    const PacketTotals after = rig.totals();
    EXPECT_EQ(difference(before.drops, after.drops, kDropReasonNames), expected.drops);
    EXPECT_EQ(difference(before.punts, after.punts, kPuntKindNames), expected.punts);
  }
}

TEST(AllRows, LeaveOutNoVerdictButTheLackOfRoomSomewhere) {
  std::set<DropReason> missing;
  for (size_t i = 0; i < kDropReasons; ++i) missing.insert(static_cast<DropReason>(i));
  std::set<PuntKind> punted;
  for (const Row& row : all_rows()) {
    if (row.verdict.dropped) missing.erase(*row.verdict.dropped);
    if (row.verdict.punted) punted.insert(*row.verdict.punted);
  }
  // a tag for which there is no room: trunk_test.cpp; servers that fail their checks: test_health.py; full
  // ones: forwarder_thresholds_test.cpp; clients and types that are filtered: filters_test.cpp; what is
  // handed over: spread_test.cpp; limits: limits_test.cpp
  for (size_t i = 0; i < kLimits; ++i)
    EXPECT_EQ(missing.erase(drop_reason_of(static_cast<Limit>(i))), 1u) << i;
  EXPECT_EQ(missing, (std::set{DropReason::no_headroom, DropReason::no_server_up, DropReason::no_server_free,
                               DropReason::filtered, DropReason::icmp_filtered, DropReason::transmit_full,
                               DropReason::punt_limited, DropReason::punt_full, DropReason::spread_full}));
  EXPECT_EQ(punted.size() + 1, kPuntKinds) << "all but the filtered";
}

}  // namespace
}  // namespace turnout
