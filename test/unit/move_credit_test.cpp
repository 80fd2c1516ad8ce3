// How long a worker may search for room: as earned by the connections that found it at once.
#include "dataplane/move_credit.h"

#include <gtest/gtest.h>

#include <iostream>
#include <random>

#include "test/support/test_table.h"

namespace turnout::move_credit_test {
namespace {

InsertedConnection at_once() {
  return {};
}
InsertedConnection after_looking_at(uint16_t buckets) {
  InsertedConnection inserted;
  inserted.crowded = true;
  inserted.looked_at = buckets;
  return inserted;
}

TEST(MoveCredit, LetsTheFirstConnectionsSearchAsLongAsAnInsertionMay) {
  EXPECT_EQ(MoveCredit{}.available(), ConnectionTable::kMoveBudget);
}

TEST(MoveCredit, IsUsedUpByAFloodThatFindsNoRoomAndComesBackWithRoom) {
  MoveCredit credit;
  uint64_t looks = 0;
  for (unsigned i = 0; i < 100'000; ++i) {
    const auto most = static_cast<uint16_t>(credit.available());
    looks += most;
    credit.settle(after_looking_at(most));
  }
  EXPECT_EQ(credit.available(), 0u);
  EXPECT_LE(looks, 512u * ConnectionTable::kMoveBudget)
      << "then each packet costs no more than a look at its own two";
  credit.settle(at_once());
  const unsigned earned = credit.available();
  EXPECT_GT(earned, 0u);
  EXPECT_LT(earned, ConnectionTable::kMoveBudget) << "one lucky packet in a flood buys no long search";
  for (unsigned i = 0; i < 100; ++i) credit.settle(at_once());
  EXPECT_EQ(credit.available(), ConnectionTable::kMoveBudget);
}

TEST(MoveCredit, FillsATableToNineTenthsBeforeItRefusesAnyone) {
  const TestTable table(1 << 20);
  std::mt19937_64 random(5);
  MoveCredit credit;
  uint64_t entered = 0;
  for (;; ++entered) {
    const ConnectionKey key = random();
    const auto value = ConnectionValue::make(1, 1, ConnectionState::established, 0);
    const auto inserted = table->insert(key, table->hash(key), value, 0, {}, credit.available());
    credit.settle(inserted);
    if (inserted.result == InsertedConnection::Result::full) break;
  }
  const double occupancy = static_cast<double>(entered) / static_cast<double>(table->slots());
  EXPECT_GE(occupancy, 0.9);
  std::cout << "  a worker's first refusal came at " << 100 * occupancy << " %\n";
}

TEST(MoveCredit, IsNotEarnedByWhoPushesSomebodyOut) {
  MoveCredit credit;
  while (credit.available() > 0) credit.settle(after_looking_at(static_cast<uint16_t>(credit.available())));
  for (unsigned i = 0; i < 1000; ++i) credit.settle(after_looking_at(0));
  EXPECT_EQ(credit.available(), 0u);
}

TEST(MoveCredit, GoesSoonerOnSearchesAfterWhichSomebodyHadToGiveWay) {
  const auto searches = [](bool in_vain) {
    MoveCredit credit;
    InsertedConnection inserted = after_looking_at(4);
    if (in_vain) inserted.note_displaced(ConnectionKey{}, ConnectionValue{}, true);
    unsigned count = 0;
    for (; credit.available() > 0; ++count) credit.settle(inserted);
    return count;
  };
  EXPECT_EQ(searches(false), 8 * searches(true));
}

}  // namespace
}  // namespace turnout::move_credit_test
