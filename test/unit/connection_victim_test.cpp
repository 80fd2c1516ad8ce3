// Which entry of full buckets goes first: what four at once say is what they say one by one.
#include "dataplane/connection_victim.h"

#include <gtest/gtest.h>

#include <random>

namespace turnout::connection_victim_test {
namespace {

using enum ConnectionState;

constexpr Tick kNow = 2'000'000;

VictimScore score(ConnectionState state, Tick seen, unsigned number = 0) {
  return VictimScore::of(ConnectionValue::make(7, 1, state, seen), number, kNow, Timeouts{});
}

TEST(VictimScore, OfWhatMayNotGoIsNone) {
  for (const ConnectionState state : {claimed, moving, established, fin_wait, udp}) {
    EXPECT_FALSE(score(state, kNow).may_go());
    EXPECT_FALSE(score(state, kNow, 7).may_go()) << "whatever its number";
    EXPECT_FALSE(score(state, kNow - 9).may_go()) << "whatever its age";
  }
  for (const ConnectionState state : {claimed, moving})
    EXPECT_FALSE(score(state, kNow - 1'500'000).may_go()) << "whatever a slot under change shows as its time";
}

TEST(VictimScore, PutsWhatIsFreeFirstThenWhatHasExpiredThenSynsThenClosedOnesThenAge) {
  const VictimScore closed = score(close, kNow - 9), syn = score(syn_recv, kNow),
                    expired = score(close, kNow - 11);
  EXPECT_TRUE(closed.may_go());
  EXPECT_LT(closed, syn);
  EXPECT_LT(syn, expired);
  for (const Tick seen : {kNow, kNow - 1'500'000}) {
    EXPECT_LT(expired, score(free, seen));
    EXPECT_TRUE(score(free, seen, 5).is_free());
    EXPECT_FALSE(score(free, seen).has_expired());
    EXPECT_EQ(score(free, seen, 5).number(), 5u);
  }
  for (const VictimScore other : {closed, syn, expired, VictimScore()}) EXPECT_FALSE(other.is_free());
  EXPECT_LT(score(syn_recv, kNow - 3), score(syn_recv, kNow - 4));
  EXPECT_TRUE(expired.has_expired());
  EXPECT_FALSE(syn.has_expired());
}

TEST(VictimScore, TellsWhichEntryItIsOf) {
  for (unsigned number = 0; number < VictimScore::kMostEntries; ++number) {
    EXPECT_EQ(score(syn_recv, kNow - 60, number).number(), number);
    EXPECT_FALSE(score(syn_recv, kNow - 60, number).has_expired());
    EXPECT_TRUE(score(udp, kNow - 301, number).has_expired());
  }
}

TEST(VictimScore, TakesATimeThatIsAheadOfTheClockForNow) {
  EXPECT_EQ(score(syn_recv, kNow + 1), score(syn_recv, kNow));
}

TEST(FirstToGo, IsTheSameFourAtOnceAsOneByOne) {
  std::mt19937_64 random(1);
  Timeouts timeouts;
  timeouts.seconds[static_cast<size_t>(udp)] = kMaxTimeout;
  std::array<uint64_t, VictimScore::kMostEntries> values;
  constexpr unsigned kFirstState[] = {
      0, 1,
      4};  // all states, or none that is free, or none that is given up before its time but a closed one
  unsigned none = 0, expired = 0, free_ones = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const Tick now = i % 2 == 0 ? static_cast<Tick>(random()) : kNow;
    for (uint64_t& bits : values) {
      // of all values, and of those around a timeout
      const unsigned first_state = kFirstState[i % 3];
      const auto state =
          static_cast<ConnectionState>(first_state + random() % (kConnectionStates - first_state));
      const auto age = static_cast<Tick>(timeouts.of(state) + random() % 5 - 2);
      const ConnectionValue value =
          random() % 4 == 0 ? ConnectionValue(random()).with_state(state)
                            : ConnectionValue::make(static_cast<uint32_t>(random()) % kMaxServers,
                                                    static_cast<uint32_t>(random()), state, now - age);
      bits = value.with_version(static_cast<uint8_t>(random())).bits();
    }
    const VictimScore one_by_one = first_to_go_one_by_one(values, now, timeouts);
    ASSERT_EQ(first_to_go(values, now, timeouts), one_by_one) << i;
    none += !one_by_one.may_go();
    expired += one_by_one.has_expired();
    free_ones += one_by_one.is_free();
  }
  EXPECT_GT(none, 1000u);
  EXPECT_GT(expired, 1000u);
  EXPECT_GT(free_ones, 1000u);
}

}  // namespace
}  // namespace turnout::connection_victim_test
