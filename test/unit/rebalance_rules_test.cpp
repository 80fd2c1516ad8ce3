// When shares of the flows are moved, and how many.
#include "control/rebalance_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace turnout::rebalance_rules_test {
namespace {

constexpr unsigned kEntries = 128;

void sample(RebalanceRules& rules, const std::vector<double>& busy, unsigned seconds) {
  for (unsigned i = 0; i < seconds; ++i) rules.sample(busy);
}

/// Workers whose load is that of the entries they have; more than 1 can't be.
class Model {
 public:
  Model(std::vector<double> loads, size_t workers)
      : loads_(std::move(loads)), workers_(workers), rules_(workers) {
    for (size_t entry = 0; entry < loads_.size(); ++entry)
      owners_.push_back(static_cast<unsigned>(entry % workers));
  }
  void give_all_to(unsigned worker) { std::ranges::fill(owners_, worker); }
  std::vector<double> busy() const {
    std::vector<double> busy(workers_, 0);
    for (size_t entry = 0; entry < loads_.size(); ++entry) busy[owners_[entry]] += loads_[entry];
    for (double& load : busy) load = std::min(load, 1.0);
    return busy;
  }
  /// Returns how many moves there were.
  unsigned run(unsigned seconds) {
    unsigned moves = 0;
    for (unsigned second = 0; second < seconds; ++second) {
      rules_.sample(busy());
      for (const WorkerPair& pair : rules_.pairs()) {
        const auto chosen = rules_.choose(owners_, pair, 0);
        if (chosen.empty()) continue;
        for (const size_t entry : chosen) owners_[entry] = pair.to;
        rules_.note(0, chosen, pair);
        ++moves;
        break;
      }
    }
    return moves;
  }
  unsigned owner(size_t entry) const { return owners_[entry]; }
  size_t count(unsigned worker) const { return static_cast<size_t>(std::ranges::count(owners_, worker)); }

 private:
  std::vector<double> loads_;
  size_t workers_;
  RebalanceRules rules_;
  std::vector<unsigned> owners_;
};

TEST(RebalanceRules, WaitUntilOneIsSaturatedAndAnotherIdleForAWhile) {
  RebalanceRules rules(2);
  sample(rules, {0.95, 0.1}, RebalanceRules::kSteady - 1);
  EXPECT_TRUE(rules.pairs().empty());
  rules.sample({0.95, 0.1});
  ASSERT_EQ(rules.pairs().size(), 1u);
  EXPECT_EQ(rules.pairs()[0].from, 0u);
  EXPECT_EQ(rules.pairs()[0].to, 1u);
  rules.sample({0.95, 0.6});
  EXPECT_TRUE(rules.pairs().empty()) << "not idle any more";
  sample(rules, {0.95, 0.1}, RebalanceRules::kSteady - 1);
  EXPECT_TRUE(rules.pairs().empty()) << "it begins anew";
}

TEST(RebalanceRules, AreNotMovedByLoadsBetweenTheMarks) {
  RebalanceRules rules(3);
  for (unsigned i = 0; i < 100; ++i) {
    rules.sample({0.9, 0.0, 0.7});
    EXPECT_TRUE(rules.pairs().empty());
  }
  for (unsigned i = 0; i < 100; ++i) {
    rules.sample({1.0, 0.5, 0.95});
    EXPECT_TRUE(rules.pairs().empty());
  }
}

TEST(RebalanceRules, PairTheBusiestWithTheIdlestFirst) {
  RebalanceRules rules(4);
  sample(rules, {0.95, 0.3, 0.99, 0.2}, RebalanceRules::kSteady);
  const auto pairs = rules.pairs();
  ASSERT_EQ(pairs.size(), 4u);
  EXPECT_EQ(pairs[0].from, 2u);
  EXPECT_EQ(pairs[0].to, 3u);
  EXPECT_EQ(pairs[1].to, 1u);
  EXPECT_EQ(pairs[3].from, 0u);
}

TEST(RebalanceRules, MoveByTheDifferenceAndLeaveOne) {
  RebalanceRules rules(2);
  std::vector<unsigned> owners(kEntries, 0);
  EXPECT_EQ(rules.choose(owners, {0, 1, 1.0, 0.0}, 0).size(), kEntries / 4);
  EXPECT_EQ(rules.choose(owners, {0, 1, 1.0, 0.5}, 0).size(), kEntries / 8);
  std::fill(owners.begin() + 3, owners.end(), 1);
  EXPECT_EQ(rules.choose(owners, {0, 1, 1.0, 0.4}, 0).size(), 1u) << "one at least";
  std::fill(owners.begin() + 1, owners.end(), 1);
  EXPECT_TRUE(rules.choose(owners, {0, 1, 1.0, 0.0}, 0).empty()) << "the last one stays";
  EXPECT_TRUE(rules.choose({}, {0, 1, 1.0, 0.0}, 0).empty());
}

TEST(RebalanceRules, PauseAfterAMove) {
  RebalanceRules rules(2);
  sample(rules, {1.0, 0.0}, RebalanceRules::kSteady);
  rules.note(0, {5}, {0, 1, 1.0, 0.0});
  unsigned seconds = 0;
  do {
    rules.sample({1.0, 0.0});
    ++seconds;
  } while (rules.pairs().empty());
  EXPECT_EQ(seconds, RebalanceRules::kPause);
}

TEST(RebalanceRules, LetAMovedEntryStayForAMinute) {
  RebalanceRules rules(2);
  rules.sample({0, 0});
  rules.note(3, {0, 1}, {0, 1, 1.0, 0.0});
  const std::vector<unsigned> owners{1, 1, 1, 1};
  const WorkerPair back{1, 0, 1.0, 0.0};
  EXPECT_EQ(rules.choose(owners, back, 3), (std::vector<size_t>{2}));
  EXPECT_EQ(rules.choose(owners, back, 4), (std::vector<size_t>{0})) << "of another table";
  sample(rules, {0, 0}, RebalanceRules::kRest);
  EXPECT_EQ(rules.choose(owners, back, 3), (std::vector<size_t>{0}));
}

TEST(RebalanceRules, LetWhatSaturatedTheOtherWorkerStayForAnHour) {
  RebalanceRules rules(2);
  sample(rules, {1.0, 0.1}, RebalanceRules::kSteady);
  rules.note(0, {0, 1}, {0, 1, 1.0, 0.1});
  sample(rules, {0.1, 1.0}, RebalanceRules::kPause + RebalanceRules::kRest);
  const std::vector<unsigned> owners{1, 1, 1, 1};
  EXPECT_EQ(rules.choose(owners, {1, 0, 1.0, 0.1}, 0), (std::vector<size_t>{2}));
  sample(rules, {0.1, 1.0}, RebalanceRules::kLongRest);
  EXPECT_EQ(rules.choose(owners, {1, 0, 1.0, 0.1}, 0), (std::vector<size_t>{0}));
}

TEST(RebalanceRules, RelieveTheWorkerThatHasAll) {
  Model model(std::vector<double>(kEntries, 1.2 / kEntries), 3);
  model.give_all_to(0);
  const unsigned moves = model.run(300);
  EXPECT_GE(moves, 1u);
  EXPECT_LE(model.busy()[0], RebalanceRules::kSaturated);
  EXPECT_EQ(model.run(600), 0u) << "and then leave everything where it is";
}

TEST(RebalanceRules, MoveNothingBackOfALoadThatIsTooMuchForAll) {
  Model model(std::vector<double>(kEntries, 3.0 / kEntries), 2);
  EXPECT_EQ(model.run(600), 0u);
}

/// One entry alone saturates whoever has it: the others leave it, and it doesn't wander.
TEST(RebalanceRules, DoNotSendOneHeavyFlowToAndFro) {
  for (size_t heavy : {size_t{0}, size_t{1}, size_t{64}, size_t{127}}) {
    std::vector<double> loads(kEntries, 0.4 / kEntries);
    loads[heavy] = 0.95;
    Model model(loads, 2);
    unsigned changes = 0;
    unsigned owner = model.owner(heavy);
    for (unsigned second = 0; second < 900; ++second) {
      model.run(1);
      changes += model.owner(heavy) != owner;
      owner = model.owner(heavy);
    }
    EXPECT_LE(changes, 1u) << "entry " << heavy;
    EXPECT_LT(model.count(owner), kEntries / 4) << "most of the others have left it";
    EXPECT_EQ(model.run(1800), 0u);
  }
}

}  // namespace
}  // namespace turnout::rebalance_rules_test
