// Moves are made, counted and reported; what can't be is said once.
#include "control/rebalancer.h"

#include <gtest/gtest.h>

#include "control/event_log.h"
#include "control/reta_indirection.h"
#include "control/spread_indirection.h"

namespace turnout::rebalancer_test {
namespace {

constexpr uint64_t kSecond = 1000;  // cycles
constexpr uint16_t kDevice = 3, kOtherDevice = 4;

class FakeTable : public Indirection {
 public:
  explicit FakeTable(std::vector<unsigned>& entries) : entries_(entries) {}
  std::vector<unsigned> query() const override { return entries_; }
  bool reaches(unsigned worker) const override { return worker != unreached; }
  bool move(std::span<const size_t> entries, unsigned worker) override {
    if (refuses) return false;
    for (const size_t entry : entries) entries_[entry] = worker;
    return true;
  }
  bool refuses = false;
  unsigned unreached = 99;

 private:
  std::vector<unsigned>& entries_;
};

class RebalancerTest : public testing::Test {
 protected:
  void make(std::vector<Rebalancer::Problem> problems = {}) {
    auto table = std::make_unique<FakeTable>(entries_);
    table_ = table.get();
    std::vector<Rebalancer::Table> tables;
    tables.push_back({"lan", kDevice, std::move(table)});
    rebalancer_ =
        std::make_unique<Rebalancer>(std::move(tables), std::move(problems), std::vector<unsigned>{1, 2, 3});
  }
  /// Seconds in which the workers are so busy, in per mille.
  void pass(unsigned seconds, const std::vector<uint64_t>& busy) {
    for (unsigned second = 0; second < seconds; ++second) {
      for (size_t i = 0; i < busy.size(); ++i) {
        loads_[i].busy_cycles += busy[i];
        loads_[i].idle_cycles += kSecond - busy[i];
      }
      rebalancer_->tick(loads_);
    }
  }
  std::vector<const EventLog::Entry*> events() const { return log_.after(0, 100).entries; }

  EventLog log_;
  std::vector<unsigned> entries_{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2};
  FakeTable* table_ = nullptr;
  std::unique_ptr<Rebalancer> rebalancer_;
  std::vector<WorkerLoad> loads_{{1, 0, 0, 0, 0}, {2, 0, 0, 0, 0}, {3, 0, 0, 0, 0}};
};

TEST_F(RebalancerTest, MovesFromTheSaturatedToTheIdlestAndSaysSo) {
  make();
  pass(RebalanceRules::kSteady, {970, 120, 400});
  EXPECT_TRUE(events().empty()) << "the first sample has no predecessor";
  pass(1, {970, 120, 400});
  EXPECT_EQ(entries_, (std::vector<unsigned>{1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(rebalancer_->moves(kDevice), 1u);
  EXPECT_EQ(rebalancer_->moves(kOtherDevice), 0u);
  ASSERT_EQ(events().size(), 1u);
  const Event& event = events()[0]->event;
  EXPECT_EQ(event.kind, EventKind::flows_moved);
  EXPECT_EQ(
      event.text,
      "port 'lan': worker lcore 1 is 97 % busy, worker lcore 2 12 %: 1 of 8 shares of the flows moved there");
  EXPECT_EQ(event.fields, (Json{{"port", "lan"}, {"from", 1}, {"to", 2}, {"moved", 1}, {"of", 8}}));
}

TEST_F(RebalancerTest, GoesToTheNextIdleWorkerIfATableDoesNotReachTheFirst) {
  make();
  table_->unreached = 1;
  pass(RebalanceRules::kSteady + 1, {970, 120, 400});
  EXPECT_EQ(entries_[0], 2u);
}

TEST_F(RebalancerTest, MovesOnceUntilItsEffectShows) {
  make();
  pass(RebalanceRules::kSteady + RebalanceRules::kPause, {1000, 0, 0});
  EXPECT_EQ(rebalancer_->moves(kDevice), 1u);
  pass(100, {700, 300, 300});
  EXPECT_EQ(rebalancer_->moves(kDevice), 1u);
}

TEST_F(RebalancerTest, DoesNothingForWorkersThatAreAllBusy) {
  make();
  pass(100, {1000, 950, 990});
  pass(100, {100, 50, 0});
  EXPECT_EQ(rebalancer_->moves(kDevice), 0u);
  EXPECT_TRUE(events().empty());
}

TEST_F(RebalancerTest, GivesUpADeviceThatRefuses) {
  make();
  table_->refuses = true;
  EXPECT_EQ(rebalancer_->problem(kDevice), nullptr);
  pass(50, {1000, 0, 0});
  EXPECT_EQ(rebalancer_->moves(kDevice), 0u);
  EXPECT_TRUE(events().empty());
  ASSERT_NE(rebalancer_->problem(kDevice), nullptr);
  ASSERT_EQ(rebalancer_->findings().size(), 1u) << "told once";
  EXPECT_EQ(rebalancer_->findings()[0].code, "rebalance_unsupported");
  EXPECT_EQ(rebalancer_->findings()[0].subject, "port 'lan'");
}

TEST_F(RebalancerTest, SaysWhatCantBeRebalanced) {
  make({{"dmz", kOtherDevice, "it has one receive queue"}});
  EXPECT_TRUE(rebalancer_->is_on(kDevice));
  EXPECT_TRUE(rebalancer_->is_on(kOtherDevice));
  EXPECT_FALSE(rebalancer_->is_on(9));
  EXPECT_EQ(rebalancer_->problem(kDevice), nullptr);
  ASSERT_EQ(rebalancer_->findings().size(), 1u);
  EXPECT_EQ(rebalancer_->findings()[0].evidence, "it has one receive queue");
}

TEST(SpreadIndirection, IsTheTableOfRssInSoftware) {
  SpreadTable table(3, 0);
  SpreadIndirection entries(table);
  const std::vector<unsigned> before = entries.query();
  ASSERT_EQ(before.size(), SpreadTable::kBuckets);
  EXPECT_EQ(before[4], 1u);
  EXPECT_TRUE(entries.move(std::vector<size_t>{4, 7}, 2));
  EXPECT_EQ(entries.query()[4], 2u);
  EXPECT_EQ(table.worker_of(7), 2u);
  EXPECT_EQ(table.moves(), 2u);
}

TEST(RetaIndirection, WantsSeveralQueues) {
  const auto made = RetaIndirection::make(0, {0});
  EXPECT_EQ(made.table, nullptr);
  EXPECT_EQ(made.why_not, "it has one receive queue");
}

}  // namespace
}  // namespace turnout::rebalancer_test
