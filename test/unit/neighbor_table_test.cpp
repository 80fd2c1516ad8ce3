#include "control/neighbor_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace turnout::neighbor_table_test {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;
using Wanted = std::vector<NeighborKey>;

constexpr size_t kLan = 0;
constexpr size_t kOtherLan = 1;

IpAddress ip(uint32_t last_octets) {
  return boost::asio::ip::address_v4(0xc0000200 + last_octets);
}
/// 2001:db8::<last octets>
IpAddress ip6(uint32_t last_octets) {
  boost::asio::ip::address_v6::bytes_type octets = {0x20, 0x01, 0x0d, 0xb8};
  for (size_t i = 0; i < 4; ++i) octets[15 - i] = static_cast<uint8_t>(last_octets >> 8 * i);
  return boost::asio::ip::address_v6(octets);
}
MacAddress mac(uint8_t last_octet) {
  return {{{0x02, 0, 0, 0, 0, last_octet}}};
}

struct Asked {
  milliseconds at;
  IpAddress ip;
  bool unicast;
};

struct Change {
  std::optional<MacAddress> before;
  MacAddress after;
};

class NeighborTableTest : public testing::Test {
 protected:
  /// Time passes up to `until` as in the control thread: advance() is called when it asked to be.
  void run_until(milliseconds until) {
    for (milliseconds next = table_.advance(now_); next <= until; next = table_.advance(now_)) {
      ASSERT_GT(next, now_);
      now_ = next;
    }
    now_ = until;
    table_.advance(now_);
  }

  std::vector<milliseconds> waits() const {
    std::vector<milliseconds> result;
    for (size_t i = 1; i < asked_.size(); ++i) result.push_back(asked_[i].at - asked_[i - 1].at);
    return result;
  }

  void resolve_one_server() {
    table_.want({{kLan, ip(11)}}, now_);
    run_until(now_);
    table_.learn(kLan, ip(11), mac(0x11), Evidence::answer, now_);
    asked_.clear();
    changes_.clear();
  }

  const Neighbor& server() const { return *table_.find(kLan, ip(11)); }

  milliseconds now_ = 1000ms;
  std::vector<Asked> asked_;
  std::vector<Change> changes_;
  std::vector<std::string> turns_;
  NeighborTable table_{{.ask =
                            [this](const Neighbor& neighbor, const std::optional<MacAddress>& to) {
                              if (to) {
                                EXPECT_EQ(to, neighbor.mac);
                              }
                              asked_.push_back({now_, neighbor.ip, to.has_value()});
                            },
                        .changed =
                            [this](const Neighbor& neighbor, std::optional<MacAddress> before) {
                              changes_.push_back({before, *neighbor.mac});
                            },
                        .lost = [this](const Neighbor&) { turns_.push_back("lost"); },
                        .returned = [this](const Neighbor&) { turns_.push_back("returned"); }}};
};

TEST_F(NeighborTableTest, AnEmptyTableWantsNothing) {
  EXPECT_EQ(table_.advance(now_), milliseconds::max());
}

TEST_F(NeighborTableTest, AWantedNeighborIsAskedForAtTheNextAdvanceByBroadcast) {
  table_.want({{kLan, ip(11)}}, now_);
  EXPECT_TRUE(asked_.empty());
  EXPECT_GT(table_.advance(now_), now_);
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_EQ(asked_[0].ip, ip(11));
  EXPECT_FALSE(asked_[0].unicast);
  EXPECT_EQ(server().state, NeighborState::incomplete);
  EXPECT_EQ(server().requests_sent, 1U);
  EXPECT_EQ(server().unanswered, 1U);
}

TEST_F(NeighborTableTest, TheFirstReplyResolvesIt) {
  table_.want({{kLan, ip(11)}}, now_);
  run_until(1100ms);
  table_.learn(kLan, ip(11), mac(0x11), Evidence::answer, now_);
  EXPECT_EQ(server().state, NeighborState::reachable);
  EXPECT_EQ(server().mac, mac(0x11));
  EXPECT_EQ(server().confirmed, 1100ms);
  EXPECT_EQ(server().unanswered, 0U);
  EXPECT_EQ(server().mac_changes, 0U);
  ASSERT_EQ(changes_.size(), 1U);
  EXPECT_FALSE(changes_[0].before);
  EXPECT_EQ(changes_[0].after, mac(0x11));
  run_until(1100ms + 19999ms);
  EXPECT_EQ(asked_.size(), 1U) << "no retry after an answer";
}

TEST_F(NeighborTableTest, AnAnswerFromWithinTheCallbackCounts) {
  NeighborTable* pointer = nullptr;
  NeighborTable table{
      {.ask = [&](const Neighbor&,
                  const auto&) { pointer->learn(kLan, ip(11), mac(0x11), Evidence::answer, now_); },
       .changed = [](const Neighbor&, std::optional<MacAddress>) {}}};
  pointer = &table;
  table.want({{kLan, ip(11)}, {kLan, ip(12)}}, now_);
  table.urge(now_);
  EXPECT_EQ(table.find(kLan, ip(11))->state, NeighborState::reachable);
  EXPECT_EQ(table.find(kLan, ip(11))->unanswered, 0U);
}

TEST_F(NeighborTableTest, RetriesBackOffDoublingUpToTheLastAndNeverStop) {
  table_.want({{kLan, ip(11)}}, now_);
  run_until(10min);
  const std::vector<milliseconds> nominal = {200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms, 5000ms};
  ASSERT_GT(waits().size(), 110U);
  for (size_t i = 0; i < waits().size(); ++i) {
    const milliseconds wait = nominal[std::min(i, nominal.size() - 1)];
    EXPECT_LE(waits()[i], wait) << i;
    EXPECT_GE(waits()[i], wait * 7 / 8) << i;
  }
  EXPECT_EQ(server().state, NeighborState::incomplete);
  EXPECT_EQ(server().unanswered, asked_.size());
}

TEST_F(NeighborTableTest, ThousandsDoNotRetryInTheSameMillisecond) {
  Wanted wanted;
  for (uint32_t i = 0; i < 5000; ++i) wanted.push_back({kLan, ip(i)});
  table_.want(wanted, now_);
  table_.advance(now_);
  asked_.clear();
  run_until(now_ + 200ms);
  EXPECT_EQ(asked_.size(), wanted.size());
  std::set<milliseconds> moments;
  for (const Asked& asked : asked_) moments.insert(asked.at);
  EXPECT_GE(moments.size(), 25U);
}

TEST_F(NeighborTableTest, ThoseWantedAtOnceAreAskedForInTurnAtTheGivenPace) {
  NeighborTimings timings;
  timings.asked_at_once = 10;
  timings.urged_at_once = 5;
  std::vector<IpAddress> asked;
  NeighborTable table({[&](const Neighbor& neighbor, const auto&) { asked.push_back(neighbor.ip); },
                       [](const auto&, auto) {}},
                      timings);
  Wanted wanted;
  for (uint32_t i = 0; i < 25; ++i) wanted.push_back({kLan, ip(i)});
  table.want(wanted, now_);
  EXPECT_EQ(table.advance(now_), now_ + 1ms);
  EXPECT_EQ(asked.size(), 10U);
  table.advance(now_ + 1ms);
  EXPECT_EQ(asked.size(), 20U);
  EXPECT_GT(table.advance(now_ + 2ms), now_ + 100ms) << "all were asked for";
  ASSERT_EQ(asked.size(), 25U);
  for (uint32_t i = 0; i < 25; ++i)
    EXPECT_EQ(asked[i], ip(i)) << "the servers of a service one after another";

  asked.clear();
  table.urge(now_ + 5s);
  EXPECT_EQ(asked.size(), 5U);
  table.urge(now_ + 5s);
  EXPECT_EQ(asked.size(), 5U);
  table.urge(now_ + 5s + NeighborTable::kUrgeRest);
  EXPECT_EQ(asked.size(), 10U);
}

TEST_F(NeighborTableTest, ItIsRefreshedByUnicastBeforeItIsStale) {
  resolve_one_server();
  run_until(1000ms + 19999ms);
  EXPECT_TRUE(asked_.empty());
  run_until(1000ms + 22500ms);
  ASSERT_FALSE(asked_.empty());
  EXPECT_TRUE(asked_[0].unicast);
  EXPECT_EQ(server().state, NeighborState::reachable);
  table_.learn(kLan, ip(11), mac(0x11), Evidence::answer, now_);
  asked_.clear();
  run_until(now_ + 19999ms);
  EXPECT_TRUE(asked_.empty()) << "an answer starts the time anew";
  EXPECT_EQ(server().state, NeighborState::reachable);
  EXPECT_TRUE(changes_.empty()) << "the same MAC is no change";
}

TEST_F(NeighborTableTest, ThreeUnansweredByUnicastThenBroadcast) {
  resolve_one_server();
  run_until(1000ms + 60s);
  ASSERT_GE(asked_.size(), 6U);
  for (size_t i = 0; i < asked_.size(); ++i) EXPECT_EQ(asked_[i].unicast, i < 3) << i;
  EXPECT_LE(waits()[0], 200ms) << "the back-off starts anew";
}

TEST_F(NeighborTableTest, ItKeepsItsLastMacWhileStale) {
  resolve_one_server();
  run_until(1000ms + 29999ms);
  EXPECT_EQ(server().state, NeighborState::reachable);
  run_until(1000ms + 30000ms);
  EXPECT_EQ(server().state, NeighborState::stale);
  run_until(1h);
  EXPECT_EQ(server().state, NeighborState::stale);
  EXPECT_EQ(server().mac, mac(0x11));
  EXPECT_TRUE(changes_.empty());
  table_.learn(kLan, ip(11), mac(0x11), Evidence::answer, now_);
  EXPECT_EQ(server().state, NeighborState::reachable);
  EXPECT_EQ(server().confirmed, 1h);
}

TEST_F(NeighborTableTest, ThatOneIsLostAndThatItIsBackIsSaidOnceEach) {
  resolve_one_server();
  run_until(now_ + 29s);
  EXPECT_TRUE(turns_.empty());
  run_until(now_ + 60s);
  EXPECT_EQ(turns_, std::vector<std::string>{"lost"});
  table_.learn(kLan, ip(11), mac(0x11), Evidence::answer, now_);
  table_.learn(kLan, ip(11), mac(0x11), Evidence::answer, now_);
  EXPECT_EQ(turns_, (std::vector<std::string>{"lost", "returned"}));
  EXPECT_TRUE(changes_.empty()) << "it is where it was";
}

TEST_F(NeighborTableTest, AnAnswerWithoutAMacConfirmsTheOneThatIsKnown) {
  resolve_one_server();
  run_until(1000ms + 35s);
  ASSERT_EQ(server().state, NeighborState::stale);
  asked_.clear();
  table_.confirm(kLan, ip(11), mac(0x11), now_);
  EXPECT_EQ(server().state, NeighborState::reachable);
  EXPECT_EQ(server().confirmed, 36s);
  EXPECT_EQ(server().mac, mac(0x11));
  EXPECT_TRUE(changes_.empty());
  run_until(now_ + 19999ms);
  EXPECT_TRUE(asked_.empty());
}

TEST_F(NeighborTableTest, AnAnswerWithoutAMacFromElsewhereConfirmsNothing) {
  resolve_one_server();
  run_until(1000ms + 35s);
  table_.confirm(kLan, ip(11), mac(0x99), now_);
  EXPECT_EQ(server().state, NeighborState::stale);
  EXPECT_EQ(server().mac, mac(0x11));
}

TEST_F(NeighborTableTest, AClaimOfOneThatIsUnknownIsNotBelievedButAskedAboutAtOnce) {
  table_.want({{kLan, ip(11)}}, now_);
  run_until(20s);  // the back-off is at its longest
  now_ = asked_.back().at + 1000ms;
  asked_.clear();
  for (uint8_t i = 0; i < 100; ++i) table_.learn(kLan, ip(11), mac(i), Evidence::claim, now_);
  EXPECT_FALSE(server().mac);
  table_.advance(now_);
  ASSERT_EQ(asked_.size(), 1U) << "once for all of them";
  EXPECT_FALSE(asked_[0].unicast);
  table_.learn(kLan, ip(11), mac(0x11), Evidence::claim, now_ + 199ms);
  EXPECT_GT(table_.advance(now_ + 199ms), now_ + 199ms);
  table_.learn(kLan, ip(11), mac(0x11), Evidence::answer, now_ + 199ms);
  EXPECT_EQ(server().mac, mac(0x11));
}

TEST_F(NeighborTableTest, AnAnswerWithoutAMacTellsNothingOfOneThatIsUnknown) {
  table_.want({{kLan, ip(11)}}, now_);
  table_.confirm(kLan, ip(11), mac(0x11), now_);
  table_.confirm(kLan, ip(12), mac(0x11), now_);
  EXPECT_EQ(server().state, NeighborState::incomplete);
  EXPECT_FALSE(table_.all_resolved());
}

TEST_F(NeighborTableTest, BothFamiliesLiveSideBySide) {
  table_.want({{kLan, ip6(11)}, {kLan, ip(11)}, {kOtherLan, ip6(11)}}, now_);
  table_.learn(kLan, ip6(11), mac(0x66), Evidence::answer, now_);
  EXPECT_EQ(table_.find(kLan, ip6(11))->mac, mac(0x66));
  EXPECT_FALSE(server().mac);
  EXPECT_FALSE(table_.find(kOtherLan, ip6(11))->mac);
}

TEST_F(NeighborTableTest, ThirtyThousandAreAskedResolvedAndRefreshed) {
  constexpr uint32_t kNeighbors = 30000;
  Wanted wanted;
  for (uint32_t i = 0; i < kNeighbors; ++i) wanted.push_back({i % 2, i % 3 == 0 ? ip(i) : ip6(i << 8 | 1)});
  table_.want(wanted, now_);
  run_until(now_ + 10ms);
  EXPECT_EQ(asked_.size(), kNeighbors);
  for (const NeighborKey& key : wanted) table_.learn(key.port, key.ip, mac(0x11), Evidence::answer, now_);
  EXPECT_TRUE(table_.all_resolved());
  table_.want(wanted, now_);
  EXPECT_EQ(table_.list().size(), kNeighbors);
  asked_.clear();
  run_until(now_ + 23s);
  EXPECT_GE(asked_.size(), kNeighbors) << "each was due for its refresh";
}

TEST(NeighborHash, SpreadsAddressesThatAreAlike) {
  std::set<size_t> buckets;
  for (uint32_t i = 0; i < 4096; ++i) {
    for (const IpAddress& address : {ip(i), ip6(i), ip6(i << 16)}) {
      buckets.insert(NeighborHash()({kLan, address}) % 16384);
    }
  }
  EXPECT_GT(buckets.size(), 8192u) << "by chance, 12288 addresses meet 53 % of them";
}

TEST_F(NeighborTableTest, UnwantedSendersAreNeverStored) {
  resolve_one_server();
  table_.learn(kLan, ip(12), mac(0x12), Evidence::answer, now_);
  table_.learn(kOtherLan, ip(11), mac(0x12), Evidence::answer, now_);
  EXPECT_EQ(table_.list().size(), 1U);
  EXPECT_EQ(table_.find(kLan, ip(12)), nullptr);
  EXPECT_EQ(table_.find(kOtherLan, ip(11)), nullptr);
  EXPECT_EQ(server().mac, mac(0x11));
}

TEST_F(NeighborTableTest, ARemovedNeighborIsForgottenAndTheRestStays) {
  table_.want({{kLan, ip(11)}, {kLan, ip(12)}}, now_);
  table_.learn(kLan, ip(11), mac(0x11), Evidence::answer, now_);
  table_.learn(kLan, ip(12), mac(0x12), Evidence::answer, now_);
  table_.want({{kLan, ip(12)}, {kLan, ip(13)}}, now_);
  EXPECT_EQ(table_.find(kLan, ip(11)), nullptr);
  EXPECT_EQ(table_.find(kLan, ip(12))->mac, mac(0x12));
  EXPECT_EQ(table_.find(kLan, ip(13))->state, NeighborState::incomplete);

  table_.want({{kLan, ip(11)}}, now_);
  EXPECT_FALSE(server().mac) << "wanted again, it starts anew";
  asked_.clear();
  run_until(now_ + 1ms);
  ASSERT_EQ(asked_.size(), 1U) << "once, and for none of the forgotten";
  EXPECT_EQ(asked_[0].ip, ip(11));

  table_.want({}, now_);
  table_.urge(now_ + 1h);
  EXPECT_EQ(asked_.size(), 1U);
  EXPECT_EQ(table_.advance(now_), milliseconds::max());
}

TEST_F(NeighborTableTest, UrgeAsksForIncompleteOnesAtOnceButNotTooOften) {
  table_.want({{kLan, ip(11)}, {kLan, ip(12)}}, now_);
  table_.learn(kLan, ip(12), mac(0x12), Evidence::answer, now_);
  run_until(20s);  // the back-off of the first is at its longest
  const milliseconds next = table_.advance(now_);
  now_ = std::max(now_, asked_.back().at + 1000ms);
  ASSERT_LT(now_, next);
  asked_.clear();

  table_.urge(now_);
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_EQ(asked_[0].ip, ip(11));
  table_.urge(now_);
  now_ += 999ms;
  table_.urge(now_);
  EXPECT_EQ(asked_.size(), 1U);
  now_ += 1ms;
  table_.urge(now_);
  EXPECT_EQ(asked_.size(), 2U);
}

TEST_F(NeighborTableTest, UrgeDoesNotRepeatWhatWasJustAskedButAsksForWhatIsNew) {
  table_.want({{kLan, ip(11)}}, now_);
  table_.advance(now_);
  table_.urge(now_ + 100ms);
  EXPECT_EQ(asked_.size(), 1U);
  table_.want({{kLan, ip(11)}, {kLan, ip(12)}}, now_ + 100ms);
  table_.urge(now_ + 100ms);
  ASSERT_EQ(asked_.size(), 2U);
  EXPECT_EQ(asked_[1].ip, ip(12));
}

TEST_F(NeighborTableTest, TheListIsOrderedByPortThenAddress) {
  table_.want({{kOtherLan, ip(3)},
               {kLan, ip6(9)},
               {kLan, ip6(8)},
               {kLan, ip(0x101)},
               {kOtherLan, ip(1)},
               {kLan, ip(2)}},
              now_);
  Wanted order;
  for (const Neighbor* neighbor : table_.list()) order.push_back({neighbor->port, neighbor->ip});
  EXPECT_EQ(order, (Wanted{{kLan, ip(2)},
                           {kLan, ip(0x101)},
                           {kLan, ip6(8)},
                           {kLan, ip6(9)},
                           {kOtherLan, ip(1)},
                           {kOtherLan, ip(3)}}));
}

TEST_F(NeighborTableTest, OfManyAnswersTheLastSetsTheNextCall) {
  resolve_one_server();
  for (int i = 0; i < 40; ++i) table_.learn(kLan, ip(11), mac(0x11), Evidence::answer, now_ += 1ms);
  const milliseconds next = table_.advance(now_);
  EXPECT_GE(next, now_ + 20s);
  now_ = next;
  table_.advance(now_);
  EXPECT_EQ(asked_.size(), 1U);
}

TEST(NeighborState, HasNames) {
  EXPECT_STREQ(to_string(NeighborState::incomplete), "incomplete");
  EXPECT_STREQ(to_string(NeighborState::reachable), "reachable");
  EXPECT_STREQ(to_string(NeighborState::stale), "stale");
}

}  // namespace
}  // namespace turnout::neighbor_table_test
